ARG BUN=oven/bun:1.2.23-slim
ARG PYTHON=python:3.13-slim
FROM ${BUN} AS build
WORKDIR /app
COPY package.json .
RUN --mount=type=cache,target=/root/.bun/install/cache bun install
COPY . .
RUN bun run build

FROM ${PYTHON}
WORKDIR /site
COPY --from=build /app/dist .
USER 1000:1000
EXPOSE 8000
CMD ["python3", "-m", "http.server", "8000"]
