"""The release server as a process, with a directory of its own, and authentication on."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from . import process
from .load import Connection

LISTENING = re.compile(r"^coatcheck listening on https?://([0-9.]+):([0-9]+)$")
KEY = re.compile(r"\bcoat_[a-z2-7]{8}_[A-Za-z0-9_-]{43}")
FINAL = ("SUCCEEDED", "FAILED", "CANCELED")


class Server:
    """`settings` are `section.name` → value; `warehouse` are the settings of the one warehouse; `certificate` and its key are
    files, with which it takes TLS only."""

    def __init__(self, binary, directory, settings=None, warehouse=None, cpus=None, certificate=None):
        self.binary = binary
        self.over_tls = certificate is not None
        if certificate:
            settings = {**(settings or {}), "tls.certificate": str(certificate[0]), "tls.key": str(certificate[1])}
        self.directory = Path(directory)
        self.data = self.directory / "data"
        self.files = self.directory / "files"  # Queries may read from here.
        self.files.mkdir(parents=True, exist_ok=True)
        self.settings = {"server.listen": "127.0.0.1:0", "server.drain_grace": "1s", "data.directory": str(self.data),
                         **(settings or {})}
        given = warehouse or {}
        embedded = {} if "kind" in given else {"kind": "duckdb", "data_directories": [str(self.files)]}
        self.warehouse = {"name": "main", "max_queued": 1_000_000, **embedded, **given}
        self.cpus = cpus
        self.process = None
        self._key = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    def start(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--config", self._write_config()], stdout=subprocess.PIPE, stderr=log,
                stdin=subprocess.DEVNULL, preexec_fn=process.run_on(self.cpus))
        line = self.process.stdout.readline().decode().rstrip("\n")
        found = LISTENING.match(line)
        if not found:
            raise RuntimeError(f"the server did not start; see {self.directory}/log: {line}")
        self.address = (found[1], int(found[2]))
        return self

    def stop(self):
        """As an operator would."""
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=120) != 0:
            raise RuntimeError(f"the server did not end well; see {self.directory}/log")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def _write_config(self):
        sections = {}
        for name, value in self.settings.items():
            section, _, key = name.partition(".")
            sections.setdefault(section, {})[key] = value
        lines = []
        for heading, values in [(f"[{name}]", values) for name, values in sections.items()] + [("[[warehouse]]", self.warehouse)]:
            lines += [heading] + [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        config = self.directory / "coatcheck.toml"
        config.write_text("\n".join(lines) + "\n")
        return config

    @property
    def key(self):
        if self._key is None:
            self._key = self.new_key("bench")
        return self._key

    def new_key(self, principal):
        made = subprocess.run([self.binary, "key", "create", principal, "--role", "user", "--data", self.data],
                              capture_output=True, text=True, check=True)
        key = KEY.search(made.stdout).group()
        # The server looks for new keys once a second.
        with self.connect(key) as connection:
            for _ in range(200):
                if connection.get("/v1/warehouses")[0] == 200:
                    break
                time.sleep(0.02)
        return key

    @property
    def pid(self):
        return self.process.pid

    @property
    def authorization(self):
        return {"Authorization": f"Bearer {self.key}"}

    def url(self, path):
        return f"http{'s' * self.over_tls}://{self.address[0]}:{self.address[1]}{path}"

    def connect(self, key=None):
        return Connection(self.address, {"Authorization": f"Bearer {key or self.key}"}, self.over_tls)

    def metrics(self):
        """Name, with its labels as they are written → value."""
        with Connection(self.address, {}, self.over_tls) as connection:
            text = connection.get("/metrics")[1].decode()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in text.splitlines() if line[:1] != "#")}

    def await_metric(self, name, reached, seconds=120):
        deadline = time.monotonic() + seconds
        while not reached(self.metrics().get(name, 0.0)):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} is {self.metrics().get(name)}: not what was waited for")
            time.sleep(0.02)

    def run(self, statement, **members):
        """Runs a statement to its end and returns its query object."""
        with self.connect() as connection:
            query = connection.submit(statement, wait="60s", **members)
            while query["status"] not in FINAL:
                query = json.loads(connection.get(f"/v1/queries/{query['id']}?wait=60s", {"If-None-Match": f'"{query["version"]}"'})[1])
        if query["status"] != "SUCCEEDED":
            raise RuntimeError(f"{statement}: {query}")
        return query

    @contextlib.contextmanager
    def parked(self):
        """Keeps the warehouse from running anything, without using a processor: its one query reads a pipe that nobody
        writes to. Needs max_running = 1. Yields the id of a query that waits its turn."""
        pipe = self.files / "nobody-writes-here.csv"
        os.mkfifo(pipe)
        try:
            with self.connect() as connection:
                connection.submit(f"SELECT * FROM read_csv('{pipe}')")
                yield connection.submit("SELECT 1")["id"]
        finally:
            # Whoever reads comes to the end of an empty file.
            os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))
            pipe.unlink()
