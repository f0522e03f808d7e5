ARG ELIXIR=elixir:1.18
ARG DEBIAN=debian:trixie-slim
FROM ${ELIXIR} AS build
ENV MIX_ENV=prod
WORKDIR /app
COPY mix.exs .
COPY vendor vendor
RUN mix deps.get --only prod
COPY config/config.exs config/prod.exs config/
RUN mix deps.compile
COPY . .
RUN mix compile && mix assets.deploy && mix release

FROM ${DEBIAN}
ENV PHX_SERVER=true PORT=8000 RELEASE_DISTRIBUTION=none RELEASE_TMP=/tmp
COPY --from=build /app/_build/prod/rel/shop /opt/shop
USER 1000:1000
EXPOSE 8000
CMD ["/opt/shop/bin/shop", "start"]
