"""As much of a Trino as a coordinator shows of itself to one who asks for a constant: enough to prove credentials."""

import base64
import http.server
import json
import threading


class Trino:
    """Answers every statement with one row of text, if it comes with `password`. Keeps what it was sent."""

    def __init__(self, password):
        self.password = password
        self.requests = []
        trino = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                statement = self.rfile.read(int(self.headers["Content-Length"])).decode()
                trino.requests.append((statement, dict(self.headers)))
                user = self.headers["X-Trino-User"]
                proof = "Basic " + base64.b64encode(f"{user}:{trino.password}".encode()).decode()
                if self.headers["Authorization"] != proof:
                    return self.answer(401, "text/plain", "Access Denied: Invalid credentials")
                varchar = {"rawType": "varchar", "arguments": [{"kind": "LONG", "value": 2147483647}]}
                column = {"name": "_col0", "type": "varchar", "typeSignature": varchar}
                self.answer(200, "application/json", json.dumps({
                    "id": "20260101_000000_00000_abcde", "infoUri": "http://trino/ui", "columns": [column],
                    "data": [["476"]], "stats": {"state": "FINISHED"}, "warnings": []}))

            def answer(self, status, kind, text):
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
