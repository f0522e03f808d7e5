ARG NODE=node:24-slim
FROM ${NODE} AS packages
WORKDIR /app
COPY package.json .
RUN --mount=type=cache,target=/root/.npm npm install --omit=dev

FROM packages AS build
COPY . .
RUN npm run build

FROM packages
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000
COPY --from=build /app/dist dist
USER 1000:1000
EXPOSE 8000
CMD ["node", "dist/server/entry.mjs"]
