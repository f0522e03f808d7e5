ARG NODE=node:24-slim
FROM ${NODE}
RUN npm install -g yarn@1.22.22
WORKDIR /app
COPY package.json .
COPY apps/web/package.json apps/web/
COPY packages/greeting/package.json packages/greeting/
RUN --mount=type=cache,target=/root/.yarn yarn install --cache-folder=/root/.yarn
COPY . .
RUN yarn workspace @shop/greeting build && yarn workspace web build
ENV NODE_ENV=production PORT=8000
WORKDIR /app/apps/web
USER 1000:1000
EXPOSE 8000
CMD ["node", "dist/server.js"]
