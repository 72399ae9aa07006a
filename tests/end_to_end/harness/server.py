"""The server as a process: `coatcheck serve` on a port of its own, with a directory of its own."""

import json
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

from .api import Api
from .waiting import until

LISTENING = re.compile(r"^coatcheck listening on (https?://\S+)$")
START_SECONDS = 60
END_SECONDS = 60


def find_binary():
    """The program to test: $COATCHECK_BINARY, or the one that is built."""
    given = os.environ.get("COATCHECK_BINARY")
    if given:
        return Path(given).resolve()
    root = Path(__file__).resolve().parents[3]
    for preset in ("dev", "release", "clang"):
        if (binary := root / "build" / preset / "coatcheck").exists():
            return binary
    raise FileNotFoundError("set COATCHECK_BINARY to the program to test")


def toml_value(value):
    return json.dumps(value)  # What the tests need of TOML is spelled as in JSON.


class DidNotStart(Exception):
    """The process ended before it served; says how."""

    def __init__(self, exit_code, log):
        super().__init__(f"the server ended with {exit_code} before it served:\n{log}")
        self.exit_code = exit_code
        self.log = log


class Server:
    """One data directory and, while it runs, the process that serves it.

    `settings` are `section.name` → value; `warehouse` are the settings of the warehouse "main". `more` is TOML that
    follows them: other warehouses.
    """

    def __init__(self, directory, settings=None, warehouse=None, more=""):
        self.binary = find_binary()
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.data = self.directory / "data"
        self.log_file = self.directory / "log"
        self.settings = {
            "server.listen": "127.0.0.1:0",
            "server.drain_grace": "5s",
            "data.directory": str(self.data),
            "authentication.enabled": False,
            "log.style": "json",
            **(settings or {}),
        }
        self.warehouse = {"name": "main", "kind": "duckdb", "threads": 1, **(warehouse or {})}
        self.more = more
        self.fail_point = None  # The step at which the process is to die (base/fail_point.hpp).
        self.disk = None  # A Disk under the data directory, if that is to fail (harness/disk.py).
        self.process = None
        self.url = None

    def write_config(self):
        sections = {}
        for name, value in self.settings.items():
            section, _, key = name.partition(".")
            sections.setdefault(section, {})[key] = value
        lines = []
        for section, values in sections.items():
            lines += [f"[{section}]"] + [f"{key} = {toml_value(value)}" for key, value in values.items()]
        lines += ["[[warehouse]]"] + [f"{key} = {toml_value(value)}" for key, value in self.warehouse.items()]
        config = self.directory / "coatcheck.toml"
        config.write_text("\n".join(lines) + "\n" + self.more)
        return config

    def start(self):
        assert not self.is_running()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COATCHECK_")}
        if self.fail_point:
            environment["COATCHECK_FAIL_POINT"] = self.fail_point
        if self.disk:
            environment.update(self.disk.environment())
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [str(self.binary), "serve", "--config", str(self.write_config())],
                cwd=self.directory, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        # A server that never speaks must not hold the test up for ever.
        watchdog = threading.Timer(START_SECONDS, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline().decode()
        watchdog.cancel()
        found = LISTENING.match(line.rstrip("\n"))
        if not found:
            exit_code = self.wait()
            raise DidNotStart(exit_code, line + self.log_text())
        self.url = found.group(1)
        return self

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """Waits for the process's end and returns its exit code."""
        try:
            code = self.process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(f"the server did not end within {END_SECONDS} s")
        self.process.stdout.close()
        return code

    def stop(self):
        """Stops it as an operator would; it must end well."""
        self.signal(signal.SIGTERM)
        code = self.wait()
        assert code == 0, f"the server ended with {code}:\n{self.log_text()[-4000:]}"

    def kill(self):
        """Ends it as a power cut would."""
        self.signal(signal.SIGKILL)
        self.wait()

    def await_death(self):
        """Waits until the process has been killed, by a fail point or by somebody else."""
        code = self.wait()
        assert code == -signal.SIGKILL, f"the server ended with {code}:\n{self.log_text()[-4000:]}"

    def restart(self):
        if self.is_running():
            self.stop()
        return self.start()

    def api(self, key=None, **options):
        return Api(self.url, key, **options)

    def log_text(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_events(self, event=None):
        """The lines of the log as objects, all or those of one event."""
        events = [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]
        return [each for each in events if event is None or each["event"] == event]

    def await_log(self, event, **fields):
        """Waits for an event with these fields and returns it."""
        def find():
            return next((each for each in self.log_events(event) if fields.items() <= each.items()), None)
        return until(find, f"event {event} {fields} in the log")
