FROM build:1 AS build
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/mix /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export MIX_ENV=\"prod\"' 'export MIX_HOME=\"/opt/mix\"' 'export HEX_HOME=\"/var/cache/slipway/hex\"' 'export HEX_CACERTS_PATH=\"/etc/ssl/certs/ca-certificates.crt\"' 'export npm_config_cache=\"/var/cache/slipway/npm\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /opt/mix /var/cache/slipway"]
ENV HOME=/home/app
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 ["mix.exs", "./mix.exs"]
COPY --chown=10001:10001 ["config/config.exs", "./config/config.exs"]
COPY --chown=10001:10001 ["config/prod.exs", "./config/prod.exs"]
COPY --chown=10001:10001 ["vendor/phoenix", "./vendor/phoenix"]
RUN --mount=type=cache,id=slipway-scope-hex,target=/var/cache/slipway/hex,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; mix do deps.get --only prod, deps.compile"]
COPY --chown=10001:10001 . .
RUN --mount=type=cache,id=slipway-scope-hex,target=/var/cache/slipway/hex,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=variables,target=/run/secrets/variables,uid=10001,gid=10001 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; mix do compile, assets.deploy, release --overwrite"]

FROM run:1 AS app
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app; chown 10001:10001 /app /home/app; command -v update-ca-certificates > /dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends ca-certificates tzdata libstdc++6; rm -rf /var/lib/apt/lists/* /var/cache/apt/*; }"]
ENTRYPOINT []
ENV HOME=/home/app MIX_ENV=prod PHX_SERVER=true RELEASE_DISTRIBUTION=none RELEASE_TMP=/tmp
WORKDIR /app
USER 10001:10001
COPY --from=build --chown=10001:10001 ["/app/_build/prod/rel/", "/app/_build/prod/rel/"]

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec _build/prod/rel/shop/bin/shop start"]
