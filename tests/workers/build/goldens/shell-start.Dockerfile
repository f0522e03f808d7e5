FROM build:1 AS app
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /var/cache/slipway"]
ENTRYPOINT []
ENV HOME=/home/app
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 . .

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec bash start.sh"]
