"""Snowflake's own drivers, each behind a small program of the same shape.

    program '{"host": …, "port": …, "user": …, "password": …}' COMMAND ARGUMENT…     one command on a connection of its own
    program '{…}'                                                                    one connection; commands on standard input

Without a command the program opens its connection, says so, and then answers each line of standard input, a JSON array
`["COMMAND", "ARGUMENT", …]`. Every answer is one line: `{"ok": …}`, or `{"error": {"kind", "code", "sqlstate", "message",
"id"}}` with what the driver raised. Values are text that is the same for every driver (null for NULL): numbers in digits, bytes
in hexadecimal, times as ISO 8601 without zeros at their end and, where they are instants, in UTC with a `Z`.

    version                 the driver's own version
    submit SQL              submit asynchronously, as the driver means it to be done → id
    article SQL             the article's own asynchronous line → id
    poll ID                 the article's history SQL → [query_id, execution_status, error_message] or null
    scan ID                 the article's result_scan SQL → {"columns": {"total", "columns"}, "items": [{…}]}
    status ID               the driver's own status by id → RUNNING, SUCCESS, …
    results ID              the driver's own results by id, waiting for them → {"columns", "rows"}
    run SQL                 synchronously → {"id", "columns", "rows"}
    change SQL              synchronously, a statement that writes → {"id", "affected"}
    types SQL               the one row → [{"name", "type", "value"}]
    describe SQL            without running it → [{"name", "type"}]
    count SQL               all rows (number, text) as a stream → {"rows", "checksum", "seconds"}
    bind SQL                with the twelve values of test_bindings.py → as run
    bulk SQL ROWS           one statement with arrays of (number, text) bound → {"affected"}
    multi SQL N             N statements at once → [{"columns", "rows"}]
    cancel SQL              waits for it; the next line of standard input cancels it, by the driver's own means
"""

import json
import os
import queue
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ANSWER_SECONDS = 300


def dependencies():
    return Path(subprocess.run([str(ROOT / "tools/install-dependencies"), "--prefix"], capture_output=True, text=True, check=True).stdout.strip())


PREFIX = dependencies()


@dataclass(frozen=True)
class Driver:
    """One driver in one generation. `cannot` has the reason for every command (or trait) that is not to be had of it."""
    name: str
    command: tuple
    environment: dict = field(default_factory=dict, hash=False)
    cannot: dict = field(default_factory=dict, hash=False)

    def __str__(self):
        return self.name

    @property
    def family(self):
        return self.name.rstrip("0123456789")


def python(generation):
    return str(PREFIX / f"test-python{generation}" / "bin" / "python"), str(HERE / "python/driver.py")


def jvm(generation):
    home = PREFIX / "test-jvm"
    classes = ":".join(str(home / name) for name in (f"classes{generation}", "scala-library.jar", f"snowflake-jdbc-{generation}.jar"))
    # The driver reads Arrow through memory that the JVM has to open to it, and its old classes for times know one zone only.
    return ("java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC",
            "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", classes, "coatcheck.drivers.Driver")


# What only one language's driver has by its nature.
ONLY_PYTHON = {name: "pandas, Arrow tables and result batches are the Python connector's"
               for name in ("pandas", "arrow", "batches", "query_result", "abort")}
SUBMIT_IS_ARTICLE = {"article": "the article has a Python and a Scala line; Scala's is this driver's submit"}

NO_CODE = {"code of a failed asynchronous query": "its error for one has the words and no code"}
PATIENT = {"results of an unknown id": "it asks for two minutes whether the id has come up"}
RENEWS_FOR_STATEMENTS = {"renewal at status": "it renews an expired token when it sends a statement, not when it asks for a status"}

DRIVERS = [
    Driver("python4", python(4), cannot=PATIENT),
    Driver("python5", python(5), cannot={
        **PATIENT,
        "article": "5.x takes the article's _no_results=True and ignores it: the statement runs synchronously",
        "cancel": "5.x waits in its native core, which no signal and no call interrupts",
    }),
    Driver("node3", ("node", str(HERE / "node/driver.cjs")), {"NODE_PATH": str(PREFIX / "test-node/node_modules")}, cannot={
        **ONLY_PYTHON, "article": "the article has a Python and a Scala line only",
        "bind bytes": "it binds strings, numbers and booleans only",
        **NO_CODE, **RENEWS_FOR_STATEMENTS,
    }),
    Driver("jdbc3", jvm(3), cannot={**ONLY_PYTHON, **SUBMIT_IS_ARTICLE, **NO_CODE, **PATIENT}),
    Driver("jdbc4", jvm(4), cannot={**ONLY_PYTHON, **SUBMIT_IS_ARTICLE, **NO_CODE, **PATIENT}),
    Driver("go2", (str(PREFIX / "test-go/driver"),), cannot={
        **ONLY_PYTHON, "article": "the article has a Python and a Scala line only",
        **RENEWS_FOR_STATEMENTS,
    }),
]


# What a driver calls the status of an id that nobody has, or somebody else.
UNKNOWN = {"NO_DATA", "NO_QUERY_DATA"}


class DriverFailed(Exception):
    """What the driver raised: `kind`, `code` (six digits), `sqlstate`, `message`, `id`; what it does not say is None."""

    def __init__(self, driver, error):
        super().__init__(f"{driver}: {error}")
        self.kind, self.code, self.sqlstate, self.message, self.id = (
            error[name] for name in ("kind", "code", "sqlstate", "message", "id"))


def environment(driver):
    """Without what the tester's own environment says of Snowflake, proxies and zones."""
    kept = {name: value for name, value in os.environ.items()
            if not name.upper().startswith(("SNOWFLAKE", "SF_", "COATCHECK_")) and not name.lower().endswith("_proxy")}
    return {**kept, "TZ": "UTC",
            # They would ask the addresses of three clouds where they run.
            "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true", "SF_TELEMETRY_DISABLE_CONNECTION_SHAPE": "true", **driver.environment}


class Credentials:
    """Where a driver is sent, and as whom."""

    def __init__(self, server, user="tester", password="any", **more):
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        self.options = {"host": host, "port": int(port), "user": user, "password": password, **more}


def unpack(driver, line, log):
    assert line, f"{driver} ended without an answer:\n{log.read_text(errors='replace')[-4000:]}"
    document = json.loads(line)
    if "error" in document:
        raise DriverFailed(driver, document["error"])
    return document["ok"]


class Process:
    """A new process for every command: nothing but what is passed survives between two."""

    def __init__(self, driver, credentials, directory):
        self.driver, self.credentials, self.directory = driver, credentials, Path(directory)

    def __call__(self, command, *arguments):
        log = self.directory / f"{self.driver}.log"
        with open(log, "ab") as errors:
            done = subprocess.run(
                [*self.driver.command, json.dumps(self.credentials.options), command, *map(str, arguments)],
                cwd=self.directory, env=environment(self.driver), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=errors, timeout=ANSWER_SECONDS)
        return unpack(self.driver, last_line(done.stdout.decode()), log)


def last_line(text):
    lines = [line for line in text.splitlines() if line.startswith("{")]
    return lines[-1] if lines else ""


class Connection:
    """One process with one connection. `begin` and `finish` are a command in two halves, so that something can happen between."""

    def __init__(self, driver, credentials, directory):
        self.driver = driver
        self.log = Path(directory) / f"{driver}.log"
        with open(self.log, "ab") as errors:
            self.process = subprocess.Popen(
                [*driver.command, json.dumps(credentials.options)], cwd=directory, env=environment(driver),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8")
        self.lines = queue.Queue()
        self.is_asked = True
        threading.Thread(target=self._read, daemon=True).start()
        self.finish()  # It is open.

    def _read(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self.lines.put(line)
        self.lines.put("")

    def __call__(self, command, *arguments):
        self.begin(command, *arguments)
        return self.finish()

    def begin(self, command, *arguments):
        self.is_asked = True
        self.line(json.dumps([command, *map(str, arguments)]))

    def line(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def has_answered(self):
        return not self.lines.empty()

    def finish(self):
        try:
            line = self.lines.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            raise AssertionError(f"{self.driver}: no answer within {ANSWER_SECONDS} s") from None
        self.is_asked = not line
        return unpack(self.driver, line, self.log)

    def close(self):
        """As a program that ends: the driver closes its session."""
        try:
            self.process.stdin.close()
            self.process.wait(timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def kill(self):
        self.process.kill()
        self.close()


class Connections:
    """Connections to one server that are kept for many tests: one for each driver and user, opened when it is first asked for."""

    def __init__(self, server, directory):
        self.server, self.directory = server, directory
        self.opened = {}

    def of(self, driver, user="tester", password="any"):
        key = driver.name, user
        if key not in self.opened:
            self.opened[key] = Connection(driver, Credentials(self.server, user, password), self.directory)
        return self.opened[key]

    def tidy(self):
        """Ends those that a test has left in the middle of a command; who asks for one of them gets a new one."""
        for key in [key for key, connection in self.opened.items() if connection.is_asked]:
            self.opened.pop(key).kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tidy()
        for connection in self.opened.values():
            connection.close()
