ARG DENO=denoland/deno:debian
FROM ${DENO}
ENV DENO_DIR=/deno DENO_NO_UPDATE_CHECK=1
WORKDIR /app
COPY . .
RUN deno cache server.ts
USER 1000:1000
EXPOSE 8000
CMD ["deno", "run", "--allow-net", "--allow-env", "server.ts"]
