ARG BUN=oven/bun:1-slim
FROM ${BUN}
ENV NODE_ENV=production
WORKDIR /app
COPY package.json bun.lock bunfig.toml ./
RUN --mount=type=cache,target=/root/.bun/install/cache bun install --frozen-lockfile --production
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["bun", "index.ts"]
