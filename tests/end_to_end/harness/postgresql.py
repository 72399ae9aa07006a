"""A PostgreSQL server of the tests' own, from Debian's package (tools/install-dependencies --test)."""

import glob
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


def program(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    assert found, "no PostgreSQL: tools/install-dependencies --test"
    return found[-1]


class Postgresql:
    """Serves on a socket in a folder of its own. `postgres` may log in by the socket alone; others need passwords."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="coatcheck-postgresql-"))
        self.data = self.folder / "data"
        if os.geteuid() == 0:  # PostgreSQL's programs refuse to run as root.
            shutil.chown(self.folder, "postgres", "postgres")
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        (self.data / "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")

    def run(self, name, *arguments):
        command = [program(name), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        # No pipe, which the server would hold, and a folder that its user may be in.
        with tempfile.TemporaryFile() as output:
            ended = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            output.seek(0)
            words = output.read().decode(errors="replace")
        assert ended.returncode == 0, f"{command}: {words}"
        return words

    def start(self):
        self.run("pg_ctl", "start", "-w", "-D", self.data, "-l", self.folder / "log", "-o",
                 f"-k '{self.folder}' -c listen_addresses='' -c fsync=off -c max_connections=30")

    def stop(self):
        self.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self.data)

    def sql(self, text):
        return self.run("psql", "-h", self.folder, "-U", "postgres", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-Atqc", text)

    def uri(self, user, password):
        return f"postgresql://{user}:{password}@/postgres?host={self.folder}"

    def remove(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder)
