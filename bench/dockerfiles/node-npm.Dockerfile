ARG NODE=node:24-slim
FROM ${NODE}
ENV NODE_ENV=production
WORKDIR /app
COPY package.json .
RUN --mount=type=cache,target=/root/.npm npm install --omit=dev
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["node", "server.js"]
