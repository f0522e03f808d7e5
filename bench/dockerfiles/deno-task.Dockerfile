ARG DENO=denoland/deno:debian
FROM ${DENO}
ENV DENO_DIR=/deno DENO_NO_UPDATE_CHECK=1 PORT=8000
WORKDIR /app
COPY deno.json .
RUN deno install
COPY . .
RUN deno cache main.ts
USER 1000:1000
EXPOSE 8000
CMD ["deno", "run", "--allow-net", "--allow-env", "main.ts"]
