FROM static:1
RUN --mount=type=secret,id=static_server,target=/run/secrets/static_server,mode=0444,required=true ["/bin/sh", "-ec", "mkdir -p /opt/slipway; cp /run/secrets/static_server /opt/slipway/static_server.py; : f8be6301ee05"]
ENV PYTHONUNBUFFERED=1
WORKDIR /site
USER 10001:10001
COPY --chown=10001:10001 ["./", "/site/"]
ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec python3 -I /opt/slipway/static_server.py /site"]
