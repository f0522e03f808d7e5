ARG PYTHON=python:3.13-slim
FROM ${PYTHON}
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
WORKDIR /app
RUN python3 -m venv /venv
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8000", "--server.headless=true"]
