ARG PYTHON=python:3.13-slim
FROM ${PYTHON} AS build
RUN pip install uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/venv
WORKDIR /app
COPY pyproject.toml uv.lock ./
COPY packages/greeting/pyproject.toml packages/greeting/
RUN --mount=type=cache,target=/root/.cache/uv uv sync --frozen --no-dev --no-install-workspace
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv uv sync --frozen --no-dev

FROM ${PYTHON}
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH PORT=8000
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["python", "main.py"]
