FROM run:1 AS app
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app; chown 10001:10001 /app /home/app; command -v update-ca-certificates > /dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends ca-certificates tzdata libstdc++6; rm -rf /var/lib/apt/lists/* /var/cache/apt/*; }"]
RUN --mount=type=secret,id=php_server,target=/run/secrets/php_server,mode=0444,required=true ["/bin/sh", "-ec", "mkdir -p /opt/slipway; cp /run/secrets/php_server /opt/slipway/serve-php; chmod 0755 /opt/slipway/serve-php; : 51968d23d0f6"]
ENTRYPOINT []
ENV HOME=/home/app
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 . .

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec /opt/slipway/serve-php ."]
