ARG NODE=node:24-slim
FROM ${NODE}
RUN npm install -g @yarnpkg/cli-dist@4
ENV NODE_ENV=production PORT=8000 YARN_ENABLE_GLOBAL_CACHE=false YARN_ENABLE_TELEMETRY=0
WORKDIR /app
COPY package.json yarn.lock ./
RUN --mount=type=cache,target=/root/.yarn/berry yarn install --immutable
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["node", "--require", "./.pnp.cjs", "server.js"]
