FROM build:1 AS build
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export MAVEN_OPTS=\"-Dmaven.repo.local=/var/cache/slipway/java/maven\"' 'export MAVEN_USER_HOME=\"/var/cache/slipway/java/wrapper\"' 'export GRADLE_USER_HOME=\"/var/cache/slipway/java/gradle\"' 'export GRADLE_OPTS=\"-Dorg.gradle.daemon=false\"' 'export JAVA_HOME=\"${JAVA_HOME:-/usr/lib/jvm/slipway}\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /var/cache/slipway"]
ENV HOME=/home/app
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 . .
RUN --mount=type=cache,id=slipway-scope-java,target=/var/cache/slipway/java,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=trust_store,target=/run/secrets/trust.p12,uid=10001,gid=10001 --mount=type=secret,id=maven_settings,target=/home/app/.m2/settings.xml,uid=10001,gid=10001 --mount=type=secret,id=variables,target=/run/secrets/variables,uid=10001,gid=10001 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; if [ -s /run/secrets/trust.p12 ]; then export MAVEN_OPTS=\"$MAVEN_OPTS -Djavax.net.ssl.trustStore=/run/secrets/trust.p12 -Djavax.net.ssl.trustStoreType=PKCS12\" GRADLE_OPTS=\"$GRADLE_OPTS -Djavax.net.ssl.trustStore=/run/secrets/trust.p12 -Djavax.net.ssl.trustStoreType=PKCS12\"; fi; mvn -B -ntp -DskipTests package && ln -sf \"$(find target -maxdepth 1 -name '*.jar' ! -name '*-sources.jar' ! -name '*-javadoc.jar' ! -name '*-tests.jar' ! -name '*-plain.jar' ! -name 'original-*' | head -n 1)\" app.jar"]

FROM run:1 AS app
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app; chown 10001:10001 /app /home/app; command -v update-ca-certificates > /dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends ca-certificates tzdata libstdc++6; rm -rf /var/lib/apt/lists/* /var/cache/apt/*; }"]
ENTRYPOINT []
ENV HOME=/home/app
WORKDIR /app
USER 10001:10001
COPY --from=build --chown=10001:10001 ["/app/", "/app/"]

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec java -XX:MaxRAMPercentage=75 $JAVA_OPTS -Dserver.port=$PORT -jar app.jar"]
