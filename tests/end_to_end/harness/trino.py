"""As much of a Trino as a coordinator shows of itself to one who asks for a constant: enough to prove credentials."""

import base64
import http.server
import json
import threading
import time


class Trino:
    """Answers every statement with one row of text, if it comes with `password`; what has `endless` in it goes on running.

    Keeps what it was sent, and the statements that it was told to stop.
    """

    def __init__(self, password, port=0):
        self.password = password
        self.requests = []
        self.stopped = []
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
                if "endless" in statement:
                    return self.run_on(len(trino.requests) - 1)
                varchar = {"rawType": "varchar", "arguments": [{"kind": "LONG", "value": 2147483647}]}
                column = {"name": "_col0", "type": "varchar", "typeSignature": varchar}
                self.answer(200, "application/json", json.dumps({
                    "id": "20260101_000000_00000_abcde", "infoUri": "http://trino/ui", "columns": [column],
                    "data": [["476"]], "stats": {"state": "FINISHED"}, "warnings": []}))

            def do_GET(self):
                self.run_on(int(self.path.rsplit("/", 1)[1]))

            def do_DELETE(self):
                trino.stopped.append(trino.requests[int(self.path.rsplit("/", 1)[1])][0])
                self.answer(204, "text/plain", "")

            def run_on(self, number):
                time.sleep(0.05)  # As a coordinator that has nothing to say makes one wait.
                self.answer(200, "application/json", json.dumps({
                    "id": f"20260101_000000_{number:05}_abcde", "infoUri": "http://trino/ui",
                    "nextUri": f"{trino.url}/v1/statement/executing/{number}", "stats": {"state": "RUNNING"}, "warnings": []}))

            def answer(self, status, kind, text):
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
