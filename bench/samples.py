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


def greedy_app(seconds: float) -> dict[str, str]:
    """Its build takes every core and 1 GB of memory for so long, and writes to the disk meanwhile."""
    code = f"""import multiprocessing, os, time

END = time.monotonic() + {seconds}

def burn(number):
    held = bytearray(os.urandom(2**20)) * 250
    with open(f"/tmp/{{number}}", "wb") as file:
        while time.monotonic() < END:
            file.seek(0)
            file.write(held[: 2**24])
            sum(range(10**6))

print("burning", flush=True)
with multiprocessing.Pool(4) as pool:
    pool.map(burn, range(4))
"""
    return app("greedy") | {"burn.py": code, "slipway.toml": 'build_command = "python3 burn.py"\n'}


def talking_app() -> dict[str, str]:
    """`/ticks/N` prints N lines with the moment of writing, 20 a second; `/flood/N` prints N numbered lines at once."""
    return app("talking", body=TICKS)
