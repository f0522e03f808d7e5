"""The tests' app: what it does is said by its variables. Standard library only."""

import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

get = os.environ.get


class Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/slow"):
            print("slow begins", flush=True)
            time.sleep(float(get("SLOW", "2")))
        if self.path.startswith("/crash"):
            print("last words", flush=True)
            os._exit(3)
        status = int(get("STATUS", "200")) if self.path == "/health" else 200
        if self.path.startswith("/fail"):
            status = 500
        body = f"{get('SLIPWAY_RELEASE')} {self.headers['Host']}".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def flood(count):
    for number in range(count):
        sys.stdout.write(f"line {number} {'x' * 80}\n")
    sys.stdout.flush()


def main():
    print("boot", get("SECRET", ""), flush=True)
    if get("EXIT"):
        print(get("SAY", "no database"), flush=True)
        sys.exit(int(get("EXIT")))
    if get("EAT"):
        print(len(bytearray(int(get("EAT")) * 1024**2)))
    if get("HUGE"):
        print("h" * int(get("HUGE")), flush=True)
    if get("FLOOD"):
        flood(int(get("FLOOD")))
    if get("SILENT") or "PORT" not in os.environ:
        time.sleep(1000)
    time.sleep(float(get("BOOT", "0")))
    server = ThreadingHTTPServer((get("BIND", "0.0.0.0"), int(get("LISTEN", get("PORT")))), Pages)
    server.daemon_threads = False
    stop_on_term(server)
    server.serve_forever()
    server.server_close()
    time.sleep(float(get("SLOW_END", "0")))


def stop_on_term(server):
    import signal

    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())


main()
