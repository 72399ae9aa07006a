"""Clients: one connection that asks and waits, one that downloads, and wrk for many."""

import json
import re
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass

from . import process


def request_head(method, path, fields):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Connection:
    """One keep-alive connection, as thin as Python allows, so that what is timed is the server. Bodies need a length."""

    def __init__(self, address, fields, over_tls=False):
        self.fields = fields
        self.socket = socket.create_connection(address, timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if over_tls:
            trusting = ssl.create_default_context()
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            self.socket = trusting.wrap_socket(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def exchange(self, request):
        """Sends the bytes of a request and returns status and body of its answer."""
        self.socket.sendall(request)
        got = self.socket.recv(65536)
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._more()
        head, body = got[:end], got[end + 4:]
        length = re.search(rb"\r\ncontent-length: *([0-9]+)", head, re.IGNORECASE)
        expected = int(length[1]) if length else 0
        while len(body) < expected:
            body += self._more()
        return int(head[9:12]), body

    def get(self, path, fields=None):
        return self.exchange(request_head("GET", path, {**self.fields, **(fields or {})}))

    def post_request(self, path, members):
        body = json.dumps(members).encode()
        fields = {**self.fields, "Content-Type": "application/json", "Content-Length": len(body)}
        return request_head("POST", path, fields) + body

    def submit(self, statement, **members):
        status, body = self.exchange(self.post_request("/v1/queries", {"statement": statement, **members}))
        if status not in (200, 202):
            raise RuntimeError(f"submit: {status} {body[:500]}")
        return json.loads(body)

    def latencies(self, request, count, expect):
        """Seconds of each of `count` exchanges."""
        seconds = []
        for _ in range(count):
            before = time.perf_counter()
            status, body = self.exchange(request)
            seconds.append(time.perf_counter() - before)
            if status != expect:
                raise RuntimeError(f"answered {status}, not {expect}: {body[:500]}")
        return seconds

    def _more(self):
        more = self.socket.recv(1 << 20)
        if not more:
            raise RuntimeError("the server closed the connection")
        return more


def download(address, path, fields, into=None):
    """Reads an answer to its end, into a file or nowhere. Returns (bytes of body and framing, seconds)."""
    buffer = bytearray(1 << 20)
    before = time.perf_counter()
    with socket.create_connection(address, timeout=120) as connection:
        connection.sendall(request_head("GET", path, {**fields, "Connection": "close"}))
        head = b""
        while b"\r\n\r\n" not in head:
            if not (got := connection.recv(4096)):
                raise RuntimeError(f"{path}: no answer")
            head += got
        head, _, begin = head.partition(b"\r\n\r\n")
        if head[9:12] != b"200":
            raise RuntimeError(f"{path}: {head.decode()}")
        count, tail = len(begin), begin
        if into:
            into.write(begin)
        while got := connection.recv_into(buffer):
            count += got
            tail = bytes(buffer[max(0, got - 8):got])
            if into:
                into.write(buffer[:got])
    seconds = time.perf_counter() - before
    length = re.search(rb"\r\ncontent-length: *([0-9]+)", head, re.IGNORECASE)
    if count != int(length[1]) if length else not tail.endswith(b"0\r\n\r\n"):
        raise RuntimeError(f"{path}: cut short after {count} bytes")
    return count, seconds


class SlowReaders:
    """Clients that take what they asked for in small sips, in a thread, until they are left."""

    def __init__(self, address, paths, fields):
        self.sockets = []
        for path in paths:
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            one.connect(address)
            one.sendall(request_head("GET", path, fields))
            one.setblocking(False)
            self.sockets.append(one)
        self.bytes = 0
        self.leaving = threading.Event()
        self.thread = threading.Thread(target=self._sip)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.leaving.set()
        self.thread.join()
        for one in self.sockets:
            one.close()

    def _sip(self):
        while not self.leaving.wait(0.02):
            for one in self.sockets:
                try:
                    self.bytes += len(one.recv(32768))
                except BlockingIOError:
                    pass


@dataclass
class Load:
    requests: int
    seconds: float
    cpu_seconds: float  # Of the server.
    p50: float
    p99: float

    @property
    def per_second(self):
        return self.requests / self.seconds

    @property
    def per_cpu_second(self):
        return self.requests / self.cpu_seconds


UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


def wrk(url, server_pid, seconds, connections=64, fields=None, body=None, script=None, expect_errors=False, cpus=None, program=None):
    """Runs wrk with one thread; with a body it POSTs it, by the Lua file `script`, which is written here. `program` is what that
    file is to say instead."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s"]
    fields = dict(fields or {})
    if body is not None:
        fields["Content-Type"] = "application/json"
        program = f'wrk.method = "POST"\nwrk.body = [==[{body}]==]\n'
    if program is not None:
        script.write_text(program)
        command += ["-s", script]
    for name, value in fields.items():
        command += ["-H", f"{name}: {value}"]
    cpu_before = process.cpu_seconds(server_pid)
    done = subprocess.run([*command, url], capture_output=True, text=True, check=True, preexec_fn=process.run_on(cpus))
    cpu_after = process.cpu_seconds(server_pid)
    text = done.stdout
    totals = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if bool(refused) != expect_errors or "Socket errors" in text:
        raise RuntimeError(f"wrk {url}:\n{text}")

    def at(share):
        found = re.search(rf"\s{share}%\s+([\d.]+)(us|ms|s|m)", text)
        return float(found[1]) * UNITS[found[2]]

    return Load(int(totals[1]), float(totals[2]) * UNITS[totals[3]], cpu_after - cpu_before, at(50), at(99))
