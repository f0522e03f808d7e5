import os
from http.server import HTTPServer, SimpleHTTPRequestHandler

HTTPServer(("0.0.0.0", int(os.environ.get("PORT", "9000"))), SimpleHTTPRequestHandler).serve_forever()
