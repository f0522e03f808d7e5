ARG PYTHON=python:3.13-slim
FROM ${PYTHON}
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
RUN apt-get update && apt-get install -y --no-install-recommends gdal-bin libsqlite3-mod-spatialite && apt-get clean && rm -rf /var/lib/apt/lists/*
WORKDIR /app
RUN python3 -m venv /venv
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt gunicorn
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--threads=8", "shop.wsgi:application"]
