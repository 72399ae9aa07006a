"""Other databases that Coatcheck takes rows from, as servers, and the client that each comes with."""

import re
import subprocess
import sys
from pathlib import Path

from .drivers import installed

ROOT = Path(__file__).resolve().parents[2]


def _harness():
    """PostgreSQL as the tests start it."""
    sys.path.append(str(ROOT / "tests/end_to_end"))
    try:
        from harness import postgresql
    finally:
        sys.path.pop()
    return postgresql


def postgresql_drivers():
    """Version → path of the ADBC driver: the tests', and the one that is for the bench."""
    lock = (ROOT / "tools/dependencies.lock").read_text().splitlines()
    version = {words[1]: words[2] for words in map(str.split, lock) if words[:1] == ["pypi"]}
    tested = f"{version['adbc-driver-postgresql']}-{version['adbc-driver-sqlite']}"
    other = re.search("^adbc-driver-postgresql==(.*?) ", (ROOT / "tools/bench-adbc-requirements.txt").read_text(), re.MULTILINE)[1]
    return {version["adbc-driver-postgresql"]: installed(f"adbc-drivers-{tested}") / "libadbc_driver_postgresql.so",
            other: installed("bench-adbc") / "libadbc_driver_postgresql.so"}


class Postgresql:
    """A server on a socket of its own, that does not flush."""

    def __enter__(self):
        harness = _harness()
        self.psql = harness.program("psql")
        self.server = harness.Postgresql()
        try:
            self.server.start()
        except BaseException:
            self.server.remove()
            raise
        return self

    def __exit__(self, *_):
        self.server.remove()

    def warehouse(self, driver):
        return {"kind": "adbc", "driver": str(driver),
                "database_options.uri": f"postgresql://postgres@/postgres?host={self.server.folder}"}

    def run(self, sql):
        """By psql; what begins with a backslash is psql's own."""
        subprocess.run([self.psql, "-X", "-h", self.server.folder, "-U", "postgres", "-d", "postgres", "-v", "ON_ERROR_STOP=1",
                        "-qc", sql], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


class Trino:
    """A coordinator that is its own worker, with the catalog tpch."""

    def __enter__(self):
        self.java = installed("test-trino") / "java/bin/java"
        self.cli = installed("test-trino-cli") / "trino-cli.jar"
        # It lives until its standard input ends.
        self.process = subprocess.Popen([ROOT / "tools/with-trino", "sh", "-c", 'echo "$COATCHECK_TRINO_URL"; exec cat'],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            self.__exit__()
            raise RuntimeError("Trino does not start")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    @property
    def warehouse(self):
        return {"kind": "trino", "url": self.url, "user": "bench"}

    def to_csv(self, sql, path, *options):
        """By the command line client."""
        with open(path, "wb") as file:
            done = subprocess.run([self.java, "-jar", self.cli, "--server", self.url, "--user", "bench", "--output-format", "CSV",
                                   *options, "--execute", sql], stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE)
        if done.returncode != 0:  # It has warnings for every run.
            raise RuntimeError(f"{sql}: {done.stderr.decode()}")
