"""The apps that are deployed. Not in charge of committing them."""

from __future__ import annotations

from tests.stories.slipway import app

TICKS = """
PADDING = "x" * 60

def ticks(count):
    for _ in range(count):
        print("tick", time.time_ns(), flush=True)
        time.sleep(0.05)

def flood(count):
    for first in range(0, count, 100):
        block = range(first, min(first + 100, count))
        sys.stdout.write("".join(f"flood {number} {PADDING}\\n" for number in block))
    sys.stdout.flush()

def answer(handler):
    name, _, count = handler.path.strip("/").partition("/")
    if count:
        threading.Thread(target={"ticks": ticks, "flood": flood}[name], args=[int(count)]).start()
    return GREETING
"""


def flask_app(greeting: str) -> dict[str, str]:
    """The smallest Flask app behind a real server; from one greeting to the next is a change of one line."""
    code = f"""import flask

app = flask.Flask(__name__)


@app.get("/")
def home() -> str:
    return {greeting!r}
"""
    return {"app.py": code, "requirements.txt": "flask>=3,<4\ngunicorn>=23\n"}


def plain_app(greeting: str) -> dict[str, str]:
    """Nothing to install: for what is repeated many times."""
    return app(greeting)


def talking_app() -> dict[str, str]:
    """`/ticks/N` prints N lines with the moment of writing, 20 a second; `/flood/N` prints N numbered lines at once."""
    return app("talking", body=TICKS)
