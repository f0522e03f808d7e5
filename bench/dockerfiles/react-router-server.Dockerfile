ARG NODE=node:24-slim
FROM ${NODE} AS packages
WORKDIR /app
COPY package.json .
RUN --mount=type=cache,target=/root/.npm npm install --omit=dev

FROM ${NODE} AS build
WORKDIR /app
COPY package.json .
RUN --mount=type=cache,target=/root/.npm npm install
COPY . .
RUN npm run build

FROM ${NODE}
ENV NODE_ENV=production PORT=8000
WORKDIR /app
COPY package.json .
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/build build
USER 1000:1000
EXPOSE 8000
CMD ["node_modules/.bin/react-router-serve", "build/server/index.js"]
