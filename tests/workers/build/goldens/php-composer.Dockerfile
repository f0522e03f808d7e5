FROM build:1 AS build
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export COMPOSER_HOME=\"/var/cache/slipway/composer\"' 'export COMPOSER_CACHE_DIR=\"/var/cache/slipway/composer/cache\"' 'export COMPOSER_NO_INTERACTION=\"1\"' 'export npm_config_cache=\"/var/cache/slipway/npm\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /var/cache/slipway"]
ENV HOME=/home/app
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 . .
RUN --mount=type=cache,id=slipway-scope-composer,target=/var/cache/slipway/composer,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; (composer install --no-dev --no-progress --prefer-dist --no-scripts --no-autoloader) && (composer dump-autoload --no-dev --optimize)"]

FROM run:1 AS app
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app; chown 10001:10001 /app /home/app; command -v update-ca-certificates > /dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends ca-certificates tzdata libstdc++6; rm -rf /var/lib/apt/lists/* /var/cache/apt/*; }"]
RUN --mount=type=secret,id=php_server,target=/run/secrets/php_server,mode=0444,required=true ["/bin/sh", "-ec", "mkdir -p /opt/slipway; cp /run/secrets/php_server /opt/slipway/serve-php; chmod 0755 /opt/slipway/serve-php; : 51968d23d0f6"]
ENTRYPOINT []
ENV HOME=/home/app
WORKDIR /app
USER 10001:10001
COPY --from=build --chown=10001:10001 ["/app/", "/app/"]

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec /opt/slipway/serve-php public"]
