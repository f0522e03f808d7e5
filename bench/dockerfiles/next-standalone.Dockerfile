ARG NODE=node:24-slim
FROM ${NODE} AS build
WORKDIR /app
COPY package.json .
RUN --mount=type=cache,target=/root/.npm npm install
COPY . .
RUN NEXT_TELEMETRY_DISABLED=1 npm run build

FROM ${NODE}
ENV NODE_ENV=production HOSTNAME=0.0.0.0
WORKDIR /app
COPY --from=build /app/public public
COPY --from=build /app/.next/standalone .
COPY --from=build /app/.next/static .next/static
USER 1000:1000
EXPOSE 8000
CMD ["node", "server.js"]
