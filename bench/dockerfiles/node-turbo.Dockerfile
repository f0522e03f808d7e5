ARG NODE=node:24-slim
FROM ${NODE} AS manifests
RUN npm install -g pnpm@10.20.0
WORKDIR /app
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY apps/web/package.json apps/web/
COPY packages/greeting/package.json packages/greeting/

FROM manifests AS packages
RUN --mount=type=cache,target=/pnpm/store pnpm install --frozen-lockfile --store-dir=/pnpm/store --prod

FROM manifests AS build
RUN --mount=type=cache,target=/pnpm/store pnpm install --frozen-lockfile --store-dir=/pnpm/store
COPY . .
RUN pnpm exec turbo run build --filter=web...

FROM ${NODE}
ENV NODE_ENV=production PORT=8000
WORKDIR /app/apps/web
COPY --from=packages /app /app
COPY --from=build /app/packages/greeting/dist /app/packages/greeting/dist
COPY --from=build /app/apps/web/dist dist
USER 1000:1000
EXPOSE 8000
CMD ["node", "dist/server.js"]
