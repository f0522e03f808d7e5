ARG PHP_RUN=php:8.4-fpm-with-nginx
FROM ${PHP_RUN}
RUN apt-get update && apt-get install -y --no-install-recommends php-laravel-framework && apt-get clean && rm -rf /var/lib/apt/lists/*
RUN printf '%s\n' '[global]' 'error_log = /proc/self/fd/2' '[www]' 'listen = /tmp/fpm.sock' 'pm = ondemand' 'pm.max_children = 10' 'clear_env = no' > /etc/fpm.conf \
 && printf '%s\n' 'pid /tmp/nginx.pid;' 'error_log stderr warn;' 'events {}' 'http {' 'include mime.types;' 'access_log /dev/stdout;' \
    'client_body_temp_path /tmp/body;' 'fastcgi_temp_path /tmp/fastcgi;' 'proxy_temp_path /tmp/proxy;' 'uwsgi_temp_path /tmp/uwsgi;' 'scgi_temp_path /tmp/scgi;' \
    'server {' 'listen 8000;' 'root /app/public;' 'index index.php;' 'location / { try_files $uri /index.php?$query_string; }' \
    'location ~ \.php$ { include fastcgi_params; fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_pass unix:/tmp/fpm.sock; }' '}' '}' > /etc/nginx/nginx.conf
WORKDIR /app
COPY --chown=1000:1000 . .
USER 1000:1000
EXPOSE 8000
CMD ["/bin/sh", "-c", "$(ls /usr/sbin/php-fpm*) --fpm-config /etc/fpm.conf --daemonize && exec nginx -g 'daemon off;'"]
