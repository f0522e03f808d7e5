ARG NODE=node:24-slim
FROM ${NODE} AS manifests
WORKDIR /app
COPY package.json ./
COPY apps/web/package.json apps/web/
COPY packages/greeting/package.json packages/greeting/

FROM manifests AS packages
RUN --mount=type=cache,target=/root/.npm npm install --omit=dev

FROM manifests AS build
RUN --mount=type=cache,target=/root/.npm npm install
COPY . .
RUN NX_DAEMON=false npx nx run web:build

FROM ${NODE}
ENV NODE_ENV=production PORT=8000
WORKDIR /app/apps/web
COPY --from=packages /app /app
COPY --from=build /app/packages/greeting/dist /app/packages/greeting/dist
COPY --from=build /app/apps/web/dist dist
USER 1000:1000
EXPOSE 8000
CMD ["node", "dist/server.js"]
