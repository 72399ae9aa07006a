"""Snowflake's own drivers, each in a process of its own with one open connection.

Python's and Node's (`../clients`) time themselves: they answer a line `["COMMAND", "SQL", COUNT]` with `{"ok": {"seconds": [...],
"rows": [...]}}`, the seconds of each of COUNT times and the rows of the last, or with `{"error": "words"}`. COMMANDs are `execute`,
`by_id` (submit asynchronously, wait and fetch by the id) and `whole` (as `execute`, but the answer is one row: how many rows and
columns there were). Go's is that of the tests, which does not time itself: what a pipe takes is in its seconds.
"""

import json
import os
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ROOT / "bench/clients"


class DriverFailed(Exception):
    """The driver's own words."""


def installed(name):
    """Something that tools/install-dependencies has made."""
    prefix = subprocess.run([ROOT / "tools/install-dependencies", "--prefix"], capture_output=True, text=True, check=True)
    path = Path(prefix.stdout.strip()) / name
    if not path.exists():
        raise RuntimeError(f"{path} is not there: tools/install-dependencies --bench, and --drivers")
    return path


def environment(**more):
    """Without what the user's own environment says of Snowflake and proxies."""
    kept = {name: value for name, value in os.environ.items()
            if not name.upper().startswith(("SNOWFLAKE", "SF_")) and not name.lower().endswith("_proxy")}
    # They would ask the addresses of three clouds where they run.
    return {**kept, "TZ": "UTC", "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true", "SF_TELEMETRY_DISABLE_CONNECTION_SHAPE": "true", **more}


class Driver:
    """A driver connected to `server`, which has an `address`, a `user` and a `password`."""

    def __init__(self, server, directory):
        options = {"host": server.address[0], "port": server.address[1], "user": server.user, "password": server.password, **self.more}
        with open(directory / "drivers.log", "ab") as log:
            self.process = subprocess.Popen([*self.command(), json.dumps(options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=log, text=True, cwd=directory, env=self.environment())
        try:
            self.answer()
        except BaseException:
            self.close()
            raise

    # fakesnow runs nothing in a session without them.
    more = {"database": "BENCH", "schema": "PUBLIC"}

    def environment(self):
        return environment()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def ask(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                document = json.loads(line)
                if "error" in document:
                    raise DriverFailed(document["error"])
                return document["ok"]
        raise DriverFailed("it ended without an answer")

    def run(self, command, sql, count=1):
        """Returns the seconds of each time, and the rows of the last as text."""
        done = self.ask(command, sql, count)
        return done["seconds"], done["rows"]


class Python(Driver):
    name = "Python"

    def command(self):
        return [installed("test-python4") / "bin/python", CLIENTS / "python.py"]


class Node(Driver):
    name = "Node"

    def command(self):
        return ["node", CLIENTS / "node.cjs"]

    def environment(self):
        return environment(NODE_PATH=str(installed("test-node") / "node_modules"))


class Go(Driver):
    name = "Go"
    more = {}

    def command(self):
        return [installed("test-go/driver")]

    def run(self, command, sql, count=1):
        seconds = []
        for _ in range(count):
            before = time.perf_counter()
            done = self.ask({"execute": "run"}[command], sql)
            seconds.append(time.perf_counter() - before)
        return seconds, done["rows"]
