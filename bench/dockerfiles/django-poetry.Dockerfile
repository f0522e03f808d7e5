ARG PYTHON=python:3.13-slim
FROM ${PYTHON} AS locked
ENV PATH=/tools/bin:$PATH
RUN python3 -m venv /tools
RUN pip install poetry poetry-plugin-export
WORKDIR /app
COPY pyproject.toml poetry.lock ./
RUN poetry export --only main --output requirements.txt

FROM ${PYTHON}
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
WORKDIR /app
RUN python3 -m venv /venv
COPY --from=locked /app/requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt && pip install gunicorn
COPY . .
RUN python manage.py collectstatic --noinput
USER 1000:1000
EXPOSE 8000
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--threads=8", "shop.wsgi:application"]
