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
RUN NX_DAEMON=false npx nx run api:build

FROM packages
ENV NODE_ENV=production PORT=8000
COPY --from=build /app/dist dist
USER 1000:1000
EXPOSE 8000
CMD ["node", "dist/apps/api/main.js"]
