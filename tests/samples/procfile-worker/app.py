import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["GREETING"].encode())


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # Process 1 of a container ignores it otherwise.
HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
