FROM run:1 AS app
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app; chown 10001:10001 /app /home/app; command -v update-ca-certificates > /dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends ca-certificates tzdata libstdc++6; rm -rf /var/lib/apt/lists/* /var/cache/apt/*; }"]
ENTRYPOINT []
ENV HOME=/home/app BUNDLE_PATH=/opt/gems BUNDLE_WITHOUT=development:test RAILS_ENV=production RACK_ENV=production RAILS_LOG_TO_STDOUT=1 RAILS_SERVE_STATIC_FILES=1
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 . .

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec ruby app.rb"]
