"""A gate in front of a server: it lets every request through as it is, and tells what passed. Subclasses do more."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Gate:
    """Listens on a port of its own while it is entered. `url` is its address; `passed` has the path of each request that went on."""

    def __init__(self, server):
        self.host = server.url.removeprefix("http://")
        self.passed = []

    def answer(self, method, path, headers, body):
        """Returns status, fields and body of the answer to a request; nothing if there is to be none."""
        self.passed.append(path.partition("?")[0])
        connection = http.client.HTTPConnection(self.host, timeout=120)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def __enter__(self):
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                kept = [(name, value) for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP]
                answered = gate.answer(self.command, self.path, kept, body)
                if answered is None:
                    self.close_connection = True
                    return
                status, fields, answer = answered
                self.send_response_only(status)
                for name, value in fields:
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_DELETE = forward

            def log_message(self, *_):
                pass

        self.listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.listener.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.listener.server_port}"
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown()
        self.listener.server_close()
