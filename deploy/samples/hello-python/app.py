"""The first app that Slipway deploys. It needs nothing but Python."""

import html
import os
import signal
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hello from Slipway</title>
<style>
  body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: #0b1f33; color: #f2f6fa;
         font: 1.125rem/1.6 system-ui, sans-serif }}
  main {{ padding: 2rem; max-width: 34rem }}
  h1 {{ margin: 0 0 .5rem; font-size: clamp(2rem, 7vw, 3.25rem); line-height: 1.1 }}
  p {{ margin: .5rem 0 }}
  dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; margin: 2rem 0 0 }}
  dt {{ color: #9fb6cc }}
  dd {{ margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere }}
</style>
</head>
<body>
<main>
<h1>It is live.</h1>
<p>This app was built from its source, started in a container of its own and routed to you by Slipway.</p>
<p>Change it, push, and watch the next release take over.</p>
<dl>{facts}</dl>
</main>
</body>
</html>
"""


def page() -> bytes:
    """The page, with the release that serves it where the platform tells."""
    known = {"Release": os.environ.get("SLIPWAY_RELEASE", ""), "Commit": os.environ.get("SLIPWAY_COMMIT", "")[:12]}
    facts = "".join(f"<dt>{name}</dt><dd>{html.escape(value)}</dd>" for name, value in known.items() if value)
    return PAGE.format(facts=facts).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 75

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            self.answer(HTTPStatus.OK, "text/html; charset=utf-8", page())
        elif path == "/health":
            self.answer(HTTPStatus.OK, "text/plain; charset=utf-8", b"ok\n")
        else:
            self.answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"There is nothing here.\n")

    do_HEAD = do_GET

    def answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        print(format % arguments, flush=True)


class Server(ThreadingHTTPServer):
    daemon_threads = True  # Idle connections do not hold up the end; the proxy has drained the busy ones by then.


def main() -> None:
    server = Server(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"Listening on 0.0.0.0:{server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    print("Stopped", flush=True)


if __name__ == "__main__":
    main()
