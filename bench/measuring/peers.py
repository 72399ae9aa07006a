"""Other servers that Snowflake's drivers can be sent to, as processes; and a session of the drivers' protocol by hand."""

import json
import shutil
import socket
import subprocess
import time
import uuid
from pathlib import Path

from .drivers import environment, installed
from .load import Connection


class Session:
    """One session of the drivers' protocol, as thin as it goes."""

    def __init__(self, address, user, password):
        self.connection = Connection(address, {})
        login = {"CLIENT_APP_ID": "PythonConnector", "CLIENT_APP_VERSION": "4.8.1", "ACCOUNT_NAME": "coatcheck", "LOGIN_NAME": user,
                 "PASSWORD": password, "SESSION_PARAMETERS": {}}
        told = self._post("/session/v1/login-request?databaseName=BENCH&schemaName=PUBLIC", {"data": login})
        self.authorization = {"Authorization": f'Snowflake Token="{told["data"]["token"]}"'}
        self.connection.fields = self.authorization

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.__exit__()

    def run(self, sql):
        return self._post(f"/queries/v1/query-request?requestId={uuid.uuid4()}", {"sqlText": sql, "asyncExec": False})

    def _post(self, path, members):
        status, body = self.connection.exchange(self.connection.post_request(path, members))
        document = json.loads(body) if status == 200 else {}
        if not document.get("success"):
            raise RuntimeError(f"{path.partition('?')[0]}: {status} {body[:500]}")
        return document


class Peer:
    """`why_not`, if it is not empty, says why this one cannot be measured here."""

    user, password = "bench", "any"

    def __init__(self, directory, binary):
        self.directory = directory / self.name
        self.binary = binary
        self.why_not = "" if binary else f"{self.name} is not installed here"

    def __enter__(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.address = probe.getsockname()
        command, more = self.command(self.address[1])
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.directory,
                                            env=environment(**more))
        for _ in range(3000):
            try:
                socket.create_connection(self.address).close()
                return self
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.01)
        self.__exit__()
        raise RuntimeError(f"{self.name} does not start; see {self.directory}/log")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def run(self, sql):
        with Session(self.address, self.user, self.password) as session:
            session.run(sql)


class FakeSnow(Peer):
    name = "fakesnow"

    def __init__(self, directory):
        super().__init__(directory, installed("bench-fakesnow") / "bin/python")

    def command(self, port):
        return [self.binary, "-m", "fakesnow", "--server", "--host", "127.0.0.1", "--port", str(port)], {}


class Emulator(Peer):
    """github.com/nnnkkk7/snowflake-emulator, if somebody has put it on the PATH. It listens on every address of the machine."""

    name = "snowflake-emulator"

    def __init__(self, directory):
        found = shutil.which(self.name)
        super().__init__(directory, Path(found) if found else None)

    def command(self, port):
        return [self.binary], {"PORT": str(port), "STAGE_DIR": str(self.directory / "stages")}
