ARG PYTHON=python:3.13-slim
FROM ${PYTHON} AS locked
ENV PATH=/tools/bin:$PATH
RUN python3 -m venv /tools
RUN pip install pdm
WORKDIR /app
COPY pyproject.toml pdm.lock ./
RUN pdm export --prod --format requirements --output requirements.txt

FROM ${PYTHON}
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
WORKDIR /app
RUN python3 -m venv /venv
COPY --from=locked /app/requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt && pip install gunicorn
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--threads=8", "app:app"]
