ARG DEBIAN=debian:trixie-slim
FROM ${DEBIAN}
RUN apt-get update && apt-get install -y --no-install-recommends busybox && apt-get clean && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["busybox", "httpd", "-f", "-p", "8000", "-h", "pages"]
