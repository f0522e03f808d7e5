ARG PYTHON=python:3.13-slim
FROM ${PYTHON} AS locked
ENV PATH=/tools/bin:$PATH
RUN python3 -m venv /tools
RUN pip install pipenv
WORKDIR /app
COPY Pipfile Pipfile.lock ./
RUN pipenv requirements --exclude-index > requirements.txt

FROM ${PYTHON}
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
WORKDIR /app
RUN python3 -m venv /venv
COPY --from=locked /app/requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt && pip install uvicorn
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["uvicorn", "--host=0.0.0.0", "--port=8000", "main:app"]
