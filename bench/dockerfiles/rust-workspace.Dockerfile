ARG RUST=rust:1.85
ARG DEBIAN=debian:trixie-slim
FROM ${RUST} AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.cargo/registry --mount=type=cache,target=/app/target cargo build --release && cp target/release/web target/release/worker /usr/local/bin/

FROM ${DEBIAN}
ENV PORT=8000
COPY --from=build /usr/local/bin/web /usr/local/bin/worker /usr/local/bin/
USER 1000:1000
EXPOSE 8000
CMD ["web"]
