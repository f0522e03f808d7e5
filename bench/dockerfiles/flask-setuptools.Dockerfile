ARG PYTHON=python:3.13-slim
FROM ${PYTHON}
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
WORKDIR /app
RUN python3 -m venv /venv
# The dependencies first: they stay when the package changes.
COPY setup.py .
RUN --mount=type=cache,target=/root/.cache/pip pip install .
COPY . .
RUN --mount=type=cache,target=/root/.cache/pip pip install --no-deps .
USER 1000:1000
EXPOSE 8000
CMD ["waitress-serve", "--listen=0.0.0.0:8000", "--call", "shop:create_app"]
