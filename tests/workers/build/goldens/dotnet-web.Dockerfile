FROM build:1 AS build
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export NUGET_PACKAGES=\"/var/cache/slipway/nuget\"' 'export DOTNET_CLI_HOME=\"/tmp\"' 'export DOTNET_CLI_TELEMETRY_OPTOUT=\"1\"' 'export DOTNET_NOLOGO=\"1\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /var/cache/slipway"]
ENV HOME=/home/app
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 ["Shop/Shop.csproj", "./Shop/Shop.csproj"]
RUN --mount=type=cache,id=slipway-scope-nuget,target=/var/cache/slipway/nuget,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; dotnet restore Shop/Shop.csproj"]
COPY --chown=10001:10001 . .
RUN --mount=type=cache,id=slipway-scope-nuget,target=/var/cache/slipway/nuget,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=variables,target=/run/secrets/variables,uid=10001,gid=10001 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; dotnet publish Shop/Shop.csproj --configuration Release --no-restore --output /app/out"]

FROM run:1 AS app
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app; chown 10001:10001 /app /home/app; command -v update-ca-certificates > /dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends ca-certificates tzdata libstdc++6; rm -rf /var/lib/apt/lists/* /var/cache/apt/*; }"]
ENTRYPOINT []
ENV HOME=/home/app DOTNET_EnableDiagnostics=0
WORKDIR /app
USER 10001:10001
COPY --from=build --chown=10001:10001 ["/app/out/", "/app/"]

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "ASPNETCORE_URLS=http://0.0.0.0:$PORT exec dotnet Shop.dll"]
