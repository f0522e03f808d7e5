FROM build:1 AS tools
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=pip_conf,target=/etc/pip.conf,uid=10001,gid=10001 ["/bin/sh", "-ec", "export PIP_CERT=/etc/ssl/certs/ca-certificates.crt; python3 -m venv /opt/tools; /opt/tools/bin/pip install --no-cache-dir --disable-pip-version-check 'uv>=0.9,<1'"]

FROM build:1 AS build
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=apt_sources,target=/etc/apt/sources.list,mode=0444 --mount=type=secret,id=apt_conf,target=/etc/apt/apt.conf.d/00slipway,mode=0444 ["/bin/sh", "-ec", "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -- libcairo2 libmariadb3 libmagic1 libvips42 imagemagick; rm -rf /var/lib/apt/lists/* /var/cache/apt/*"]
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=apt_sources,target=/etc/apt/sources.list,mode=0444 --mount=type=secret,id=apt_conf,target=/etc/apt/apt.conf.d/00slipway,mode=0444 ["/bin/sh", "-ec", "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -- gcc libc6-dev python3-dev default-libmysqlclient-dev pkg-config; rm -rf /var/lib/apt/lists/* /var/cache/apt/*"]
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/venv /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export UV_CACHE_DIR=\"/var/cache/slipway/uv\"' 'export UV_LINK_MODE=\"copy\"' 'export UV_COMPILE_BYTECODE=\"1\"' 'export UV_PYTHON_DOWNLOADS=\"never\"' 'export UV_PYTHON=\"/opt/venv/bin/python\"' 'export UV_PROJECT_ENVIRONMENT=\"/opt/venv\"' 'export PIP_CACHE_DIR=\"/var/cache/slipway/pip\"' 'export PIP_DISABLE_PIP_VERSION_CHECK=\"1\"' 'export POETRY_CACHE_DIR=\"/var/cache/slipway/pip/poetry\"' 'export PATH=\"$PATH:/opt/tools/bin\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; python3 -m venv /opt/venv; chown -R 10001:10001 /app /home/app /opt/venv /var/cache/slipway"]
ENV HOME=/home/app VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 FORWARDED_ALLOW_IPS=*
WORKDIR /app
USER 10001:10001
COPY --chown=10001:10001 ["requirements.txt", "./requirements.txt"]
RUN --mount=type=bind,from=tools,source=/opt/tools,target=/opt/tools --mount=type=cache,id=slipway-scope-uv,target=/var/cache/slipway/uv,uid=10001,gid=10001 --mount=type=cache,id=slipway-scope-pip,target=/var/cache/slipway/pip,uid=10001,gid=10001 --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=pip_conf,target=/etc/pip.conf,uid=10001,gid=10001 --mount=type=secret,id=uv_toml,target=/etc/uv/uv.toml,uid=10001,gid=10001 ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of 5f161c9149882e0e; uv pip install -r requirements.txt gunicorn"]

FROM build:1 AS app
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 --mount=type=secret,id=apt_sources,target=/etc/apt/sources.list,mode=0444 --mount=type=secret,id=apt_conf,target=/etc/apt/apt.conf.d/00slipway,mode=0444 ["/bin/sh", "-ec", "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -- libcairo2 libmariadb3 libmagic1 libvips42 imagemagick; rm -rf /var/lib/apt/lists/* /var/cache/apt/*"]
RUN ["/bin/sh", "-ec", "echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:10001:' >> /etc/group; mkdir -p /app /home/app /opt/venv /opt/slipway /var/cache/slipway; printf '%s\\n' 'if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi' 'export UV_CACHE_DIR=\"/var/cache/slipway/uv\"' 'export UV_LINK_MODE=\"copy\"' 'export UV_COMPILE_BYTECODE=\"1\"' 'export UV_PYTHON_DOWNLOADS=\"never\"' 'export UV_PYTHON=\"/opt/venv/bin/python\"' 'export UV_PROJECT_ENVIRONMENT=\"/opt/venv\"' 'export PIP_CACHE_DIR=\"/var/cache/slipway/pip\"' 'export PIP_DISABLE_PIP_VERSION_CHECK=\"1\"' 'export POETRY_CACHE_DIR=\"/var/cache/slipway/pip/poetry\"' 'export PATH=\"$PATH:/opt/tools/bin\"' 'if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi' > /opt/slipway/build-env; chown -R 10001:10001 /app /home/app /opt/venv /var/cache/slipway"]
ENV HOME=/home/app VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 FORWARDED_ALLOW_IPS=*
WORKDIR /app
USER 10001:10001
COPY --from=build --chown=10001:10001 ["/opt/venv/", "/opt/venv/"]
COPY --chown=10001:10001 . .
ENV PYTHONPATH=/app

ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec gunicorn --bind 0.0.0.0:$PORT --threads 8 --access-logfile - app:app"]
