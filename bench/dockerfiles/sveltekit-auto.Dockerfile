ARG NODE=node:24-slim
FROM ${NODE} AS build
WORKDIR /app
COPY package.json .
RUN --mount=type=cache,target=/root/.npm npm install && npm install --no-save @sveltejs/adapter-node@5
COPY . .
# adapter-auto takes adapter-node when this is set.
RUN GCP_BUILDPACKS=1 npm run build

FROM ${NODE}
ENV NODE_ENV=production PORT=8000
WORKDIR /app
COPY package.json .
COPY --from=build /app/build build
USER 1000:1000
EXPOSE 8000
CMD ["node", "build"]
