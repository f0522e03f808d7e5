import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Hello from a Python script")


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
