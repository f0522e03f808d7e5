FROM build:1 AS app
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/deno /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export DENO_TLS_CA_STORE=\"mozilla,system\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /opt/deno /var/cache/slipway"]
ENTRYPOINT []
ENV HOME=/home/app DENO_DIR=/opt/deno DENO_NO_UPDATE_CHECK=1 DENO_NO_PROMPT=1
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 ["deno.json", "./deno.json"]
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=npmrc,target=/home/app/.npmrc,uid=10001,gid=10001 ["/bin/sh", "-ec", ". /opt/slipway/build-env; deno install"]
COPY --chown=10001:10001 . .
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=npmrc,target=/home/app/.npmrc,uid=10001,gid=10001 ["/bin/sh", "-ec", ". /opt/slipway/build-env; deno cache main.ts"]

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec deno run --allow-net --allow-env main.ts"]
