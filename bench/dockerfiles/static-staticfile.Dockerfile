ARG PYTHON=python:3.13-slim
FROM ${PYTHON}
WORKDIR /site
COPY web .
USER 1000:1000
EXPOSE 8000
CMD ["python3", "-m", "http.server", "8000"]
