ARG GO=golang:1.24
ARG DEBIAN=debian:trixie-slim
FROM ${GO} AS build
ENV CGO_ENABLED=0
WORKDIR /app
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/root/go go mod download
COPY . .
RUN --mount=type=cache,target=/root/go --mount=type=cache,target=/root/.cache/go-build go build -trimpath -ldflags="-s -w" -o /out/ ./cmd/...

FROM ${DEBIAN}
ENV PORT=8000
COPY --from=build /out/ /usr/local/bin/
USER 1000:1000
EXPOSE 8000
CMD ["server"]
