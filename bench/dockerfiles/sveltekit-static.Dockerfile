ARG NODE=node:24-slim
ARG PYTHON=python:3.13-slim
FROM ${NODE} AS build
WORKDIR /app
COPY package.json .
RUN --mount=type=cache,target=/root/.npm npm install
COPY . .
RUN npm run build && mv build/200.html build/index.html

FROM ${PYTHON}
WORKDIR /site
COPY --from=build /app/build .
USER 1000:1000
EXPOSE 8000
CMD ["python3", "-m", "http.server", "8000"]
