"""One connection to the server that sends exactly the bytes it is told to, and takes answers apart by itself."""

import json
import socket
import uuid
from dataclasses import dataclass, field

SILENCE_SECONDS = 60.0  # A server that hangs for so long fails its test.


@dataclass
class Answer:
    status: int
    fields: dict = field(default_factory=dict)  # Names in lower case.
    body: bytes = b""
    whole: bool = True  # The body came to its proper end.


class Connection:
    """`receive_bytes`: what the kernel keeps for a client that does not read; none leaves it alone."""

    def __init__(self, server, receive_bytes=None):
        host, port = server.url.removeprefix("http://").rsplit(":", 1)
        self.socket = socket.socket()
        self.socket.settimeout(SILENCE_SECONDS)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """Sends what the server takes: one that has already closed is for receive() to see."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def end_sending(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # The server was first.
            pass
        return self

    def ask(self, data, **more):
        return self.send(data).receive(**more)

    def receive(self, head_only=False):
        """The next answer; None if the connection ends instead."""
        head = self._line()
        if head is None:
            return None
        version, status, *_ = head.split(" ", 2)
        assert version == "HTTP/1.1", head
        answer = Answer(int(status))
        while line := self._line():
            name, _, value = line.partition(":")
            answer.fields[name.lower()] = value.strip()
        if head_only or answer.status < 200 or answer.status in (204, 304):
            return answer
        if answer.fields.get("transfer-encoding") == "chunked":
            while answer.whole:
                size = self._line()
                piece = self._exactly(int(size, 16)) if size else None
                if piece is None or self._line() is None:
                    answer.whole = False
                elif not piece:
                    break
                else:
                    answer.body += piece
        else:
            body = self._exactly(int(answer.fields["content-length"]))
            answer.whole, answer.body = body is not None, body or b""
        return answer

    def rest(self):
        """What comes until the connection ends; it must end, well or by a reset."""
        while self.more():
            pass
        rest, self.unread = self.unread, b""
        return rest

    def more(self):
        """Reads once; false if the connection has ended."""
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.unread += piece
        return bool(piece)

    def _line(self):
        while b"\r\n" not in self.unread:
            if not self.more():
                return None
        line, _, self.unread = self.unread.partition(b"\r\n")
        return line.decode("latin-1")

    def _exactly(self, count):
        while len(self.unread) < count:
            if not self.more():
                return None
        taken, self.unread = self.unread[:count], self.unread[count:]
        return taken


GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


def submit(tag, statement="SELECT 1"):
    """A whole request that submits a query, whose tag tells whether the server ever saw it."""
    body = json.dumps({"statement": statement, "query_tag": tag}).encode()
    return (b"POST /v1/queries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % len(body)) + body


def new_tag():
    return f"hostile {uuid.uuid4()}"


def post(framing, body=b"", target="/v1/queries"):
    """A request with a body, framed as the test says: lines of the head, each with its CRLF."""
    return f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n".encode() + framing + b"\r\n" + body
