FROM build:1 AS build
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export GOPATH=\"/var/cache/slipway/go\"' 'export GOCACHE=\"/var/cache/slipway/go/build\"' 'export GOFLAGS=\"-buildvcs=false -modcacherw\"' 'export CGO_ENABLED=\"0\"' 'export GOTOOLCHAIN=\"auto\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /var/cache/slipway"]
ENV HOME=/home/app
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 ["go.mod", "./go.mod"]
COPY --chown=10001:10001 ["go.sum", "./go.sum"]
RUN --mount=type=cache,id=slipway-scope-go,target=/var/cache/slipway/go,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=go_env,target=/home/app/.config/go/env,uid=10001,gid=10001 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; go mod download"]
COPY --chown=10001:10001 . .
RUN --mount=type=cache,id=slipway-scope-go,target=/var/cache/slipway/go,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=go_env,target=/home/app/.config/go/env,uid=10001,gid=10001 --mount=type=secret,id=variables,target=/run/secrets/variables,uid=10001,gid=10001 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; [ -d \"$GOCACHE\" ] || [ ! -d /opt/slipway/go-library ] || cp -r /opt/slipway/go-library \"$GOCACHE\"; go build -trimpath -ldflags=\"-s -w\" -o bin/migrate ./cmd/migrate && go build -trimpath -ldflags=\"-s -w\" -o bin/server ./cmd/server"]

FROM run:1 AS app
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app; chown 10001:10001 /app /home/app; command -v update-ca-certificates > /dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends ca-certificates tzdata libstdc++6; rm -rf /var/lib/apt/lists/* /var/cache/apt/*; }"]
ENTRYPOINT []
ENV HOME=/home/app PATH=/app/bin:$PATH
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 . .
COPY --from=build --chown=10001:10001 ["/app/bin/", "/app/bin/"]

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec bin/server"]
