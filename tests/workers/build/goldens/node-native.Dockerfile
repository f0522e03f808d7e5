FROM build:1 AS compile
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=apt_sources,target=/etc/apt/sources.list,mode=0444 --mount=type=secret,id=apt_conf,target=/etc/apt/apt.conf.d/00slipway,mode=0444 ["/bin/sh", "-ec", "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -- libcairo2 libpango-1.0-0 libpangocairo-1.0-0 libgd3 libgif7 librsvg2-2 fonts-dejavu-core; rm -rf /var/lib/apt/lists/* /var/cache/apt/*"]
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=apt_sources,target=/etc/apt/sources.list,mode=0444 --mount=type=secret,id=apt_conf,target=/etc/apt/apt.conf.d/00slipway,mode=0444 ["/bin/sh", "-ec", "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -- python3 python3-setuptools make g++ pkg-config libcairo2-dev libpango1.0-dev libjpeg-dev libgif-dev librsvg2-dev; rm -rf /var/lib/apt/lists/* /var/cache/apt/*"]
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export npm_config_cache=\"/var/cache/slipway/npm\"' 'export npm_config_update_notifier=\"false\"' 'export npm_config_nodedir=\"/usr/local\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /var/cache/slipway"]
ENV HOME=/home/app PATH=/app/node_modules/.bin:$PATH
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=npmrc,target=/home/app/.npmrc,uid=10001,gid=10001 ["/bin/sh", "-ec", "if [ ! -e /usr/local/include/node/node.h ]; then export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm_config_cache=/tmp/npm; cd /tmp; npm install --no-save --ignore-scripts --no-fund --no-audit \"node-linux-$(node -p process.arch)@$(node -p process.versions.node)\"; cp -r node_modules/node-linux-*/include /usr/local/; rm -r npm node_modules; fi"]
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 ["package.json", "./package.json"]
COPY --chown=10001:10001 ["package-lock.json", "./package-lock.json"]
RUN --mount=type=cache,id=slipway-scope-npm,target=/var/cache/slipway/npm,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=npmrc,target=/home/app/.npmrc,uid=10001,gid=10001 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; npm ci --no-audit --no-fund --omit=dev"]

FROM build:1 AS app
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=apt_sources,target=/etc/apt/sources.list,mode=0444 --mount=type=secret,id=apt_conf,target=/etc/apt/apt.conf.d/00slipway,mode=0444 ["/bin/sh", "-ec", "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -- libcairo2 libpango-1.0-0 libpangocairo-1.0-0 libgd3 libgif7 librsvg2-2 fonts-dejavu-core; rm -rf /var/lib/apt/lists/* /var/cache/apt/*"]
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export npm_config_cache=\"/var/cache/slipway/npm\"' 'export npm_config_update_notifier=\"false\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /var/cache/slipway"]
ENV HOME=/home/app PATH=/app/node_modules/.bin:$PATH
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 ["package.json", "./package.json"]
COPY --chown=10001:10001 ["package-lock.json", "./package-lock.json"]
COPY --from=compile --chown=10001:10001 ["/app/", "/app/"]
COPY --chown=10001:10001 . .
ENV NODE_ENV=production

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec node server.js"]
