ARG RUST=rust:1.85
ARG DEBIAN=debian:trixie-slim
FROM ${RUST} AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.cargo/registry --mount=type=cache,target=/app/target cargo build --release && cp target/release/hello /usr/local/bin/hello

FROM ${DEBIAN}
COPY --from=build /usr/local/bin/hello /usr/local/bin/hello
USER 1000:1000
EXPOSE 8000
CMD ["hello"]
