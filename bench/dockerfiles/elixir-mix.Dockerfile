ARG ELIXIR=elixir:1.18
ARG DEBIAN=debian:trixie-slim
FROM ${ELIXIR} AS build
ENV MIX_ENV=prod
WORKDIR /app
COPY . .
RUN mix release

FROM ${DEBIAN}
ENV RELEASE_DISTRIBUTION=none RELEASE_TMP=/tmp
COPY --from=build /app/_build/prod/rel/hello /opt/hello
USER 1000:1000
EXPOSE 8000
CMD ["/opt/hello/bin/hello", "start"]
