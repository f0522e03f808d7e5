ARG NODE=node:24-slim
FROM ${NODE} AS build
WORKDIR /app
COPY package.json .
RUN --mount=type=cache,target=/root/.npm npm install
COPY . .
RUN npm run build

FROM ${NODE}
ENV NODE_ENV=production PORT=8000
WORKDIR /app
COPY --from=build /app/.output .
USER 1000:1000
EXPOSE 8000
CMD ["node", "server/index.mjs"]
