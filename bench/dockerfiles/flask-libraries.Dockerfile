ARG PYTHON=python:3.13-slim
FROM ${PYTHON} AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev python3-dev default-libmysqlclient-dev pkg-config && apt-get clean && rm -rf /var/lib/apt/lists/*
ENV PATH=/venv/bin:$PATH
RUN python3 -m venv /venv
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt gunicorn

FROM ${PYTHON}
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
RUN apt-get update && apt-get install -y --no-install-recommends libcairo2 libmariadb3 libmagic1 libvips42 imagemagick && apt-get clean && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--threads=8", "app:app"]
