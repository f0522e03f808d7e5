FROM build:1 AS build
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=apt_sources,target=/etc/apt/sources.list,mode=0444 --mount=type=secret,id=apt_conf,target=/etc/apt/apt.conf.d/00slipway,mode=0444 ["/bin/sh", "-ec", "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -- puma ruby-rails; rm -rf /var/lib/apt/lists/* /var/cache/apt/*"]
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/gems /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export BUNDLE_GLOBAL_GEM_CACHE=\"true\"' 'export BUNDLE_USER_CACHE=\"/var/cache/slipway/gems\"' 'export npm_config_cache=\"/var/cache/slipway/npm\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /opt/gems /var/cache/slipway"]
ENV HOME=/home/app
WORKDIR /app
USER 10001:10001
ENV BUNDLE_PATH=/opt/gems BUNDLE_WITHOUT=development:test RAILS_ENV=production RACK_ENV=production RAILS_LOG_TO_STDOUT=1 RAILS_SERVE_STATIC_FILES=1
COPY --chown=10001:10001 ["Gemfile", "./Gemfile"]
RUN --mount=type=cache,id=slipway-scope-gems,target=/var/cache/slipway/gems,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; bundle config set --local path.system true && bundle install --local"]

FROM run:1 AS app
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=apt_sources,target=/etc/apt/sources.list,mode=0444 --mount=type=secret,id=apt_conf,target=/etc/apt/apt.conf.d/00slipway,mode=0444 ["/bin/sh", "-ec", "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -- puma ruby-rails; rm -rf /var/lib/apt/lists/* /var/cache/apt/*"]
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app; chown 10001:10001 /app /home/app; command -v update-ca-certificates > /dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends ca-certificates tzdata libstdc++6; rm -rf /var/lib/apt/lists/* /var/cache/apt/*; }"]
ENTRYPOINT []
ENV HOME=/home/app BUNDLE_PATH=/opt/gems BUNDLE_WITHOUT=development:test RAILS_ENV=production RACK_ENV=production RAILS_LOG_TO_STDOUT=1 RAILS_SERVE_STATIC_FILES=1
WORKDIR /app
USER 10001:10001
COPY --from=build --chown=10001:10001 ["/opt/gems/", "/opt/gems/"]
COPY --from=build --chown=10001:10001 ["/app/", "/app/"]
COPY --chown=10001:10001 . .

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec bundle exec puma -b tcp://0.0.0.0:$PORT"]
