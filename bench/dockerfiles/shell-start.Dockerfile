ARG DEBIAN=debian:trixie-slim
FROM ${DEBIAN}
WORKDIR /app
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["bash", "start.sh"]
