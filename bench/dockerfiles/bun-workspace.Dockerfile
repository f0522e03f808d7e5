ARG BUN=oven/bun:1-slim
FROM ${BUN}
WORKDIR /app
COPY package.json bunfig.toml ./
COPY apps/web/package.json apps/web/
COPY packages/greeting/package.json packages/greeting/
RUN --mount=type=cache,target=/root/.bun/install/cache bun install
COPY . .
RUN bun run --cwd packages/greeting build
WORKDIR /app/apps/web
ENV NODE_ENV=production PORT=8000
USER 1000:1000
EXPOSE 8000
CMD ["bun", "index.ts"]
