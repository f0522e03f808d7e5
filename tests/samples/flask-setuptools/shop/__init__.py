from importlib.metadata import version

from flask import Flask


def create_app() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def home() -> str:
        return f"Hello from shop {version('shop')}"

    return app
