ARG NODE=node:24-slim
FROM ${NODE} AS packages
RUN npm install -g pnpm@10.20.0
WORKDIR /app
COPY package.json pnpm-lock.yaml ./
RUN --mount=type=cache,target=/pnpm/store pnpm install --frozen-lockfile --store-dir=/pnpm/store

FROM packages AS build
COPY . .
RUN NEXT_TELEMETRY_DISABLED=1 pnpm run build && rm -rf .next/cache

FROM packages
ENV NODE_ENV=production PORT=8000
COPY --from=build /app/.next .next
USER 1000:1000
EXPOSE 8000
CMD ["node_modules/.bin/next", "start"]
