ARG PYTHON=python:3.13-slim
FROM ${PYTHON} AS build
RUN pip install uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy VIRTUAL_ENV=/venv
RUN uv venv /venv
COPY pyproject.toml .
RUN --mount=type=cache,target=/root/.cache/uv uv pip install -r pyproject.toml uvicorn

FROM ${PYTHON}
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["uvicorn", "--host=0.0.0.0", "--port=8000", "app.main:application"]
