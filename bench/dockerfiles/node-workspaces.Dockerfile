ARG NODE=node:24-slim
ARG PYTHON=python:3.13-slim
FROM ${NODE} AS build
WORKDIR /app
COPY package.json .
COPY apps/web/package.json apps/web/
COPY packages/greeting/package.json packages/greeting/
RUN --mount=type=cache,target=/root/.npm npm install
COPY . .
RUN npm run build -w @shop/greeting -w web

FROM ${PYTHON}
WORKDIR /site
COPY --from=build /app/apps/web/out .
USER 1000:1000
EXPOSE 8000
CMD ["python3", "-m", "http.server", "8000"]
