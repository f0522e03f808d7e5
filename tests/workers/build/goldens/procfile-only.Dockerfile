FROM build:1 AS app
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=apt_sources,target=/etc/apt/sources.list,mode=0444 --mount=type=secret,id=apt_conf,target=/etc/apt/apt.conf.d/00slipway,mode=0444 ["/bin/sh", "-ec", "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -- busybox; rm -rf /var/lib/apt/lists/* /var/cache/apt/*"]
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /var/cache/slipway"]
ENTRYPOINT []
ENV HOME=/home/app
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 . .

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec busybox httpd -f -p $PORT -h pages"]
