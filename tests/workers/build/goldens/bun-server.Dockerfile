FROM build:1 AS app
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export BUN_INSTALL_CACHE_DIR=\"/var/cache/slipway/bun\"' 'export DO_NOT_TRACK=\"1\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /var/cache/slipway"]
ENTRYPOINT []
ENV HOME=/home/app PATH=/app/node_modules/.bin:$PATH
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 ["package.json", "./package.json"]
COPY --chown=10001:10001 ["bun.lock", "./bun.lock"]
COPY --chown=10001:10001 ["bunfig.toml", "./bunfig.toml"]
RUN --mount=type=cache,id=slipway-scope-bun,target=/var/cache/slipway/bun,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=npmrc,target=/home/app/.npmrc,uid=10001,gid=10001 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; bun install --frozen-lockfile --production"]
COPY --chown=10001:10001 . .
ENV NODE_ENV=production

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec bun index.ts"]
