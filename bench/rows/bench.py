"""How much to measure, with what, and where."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from measuring.server import Server

# Six columns of six types, as in encode_bench. `{}` is the number of rows.
MIXED_ROWS = """SELECT i AS id, (i * 7919) % 1000003 AS amount, ((i * 31) % 100000) / 7.0 AS ratio,
  (((i * 97) % 100000000) / 100.0)::DECIMAL(10, 2) AS price,
  make_timestamp(1767225600000000 + i * 1234567) AS at,
  'customer ' || ((i * 13) % 5000) || ' of region ' || (i % 17) AS name
FROM range({}) r(i)"""


@dataclass
class Scale:
    pairs: int = 5
    seconds: int = 4  # Of one run of wrk.
    exchanges: int = 400  # One after the other, for a median.
    rows: int = 10_000_000
    waiters: int = 9_000
    journaled: int = 100_000
    polled: int = 1_000_000  # Queries in the history that is polled in SQL.
    polling_seconds: int = 60  # That many clients poll.


QUICK = Scale(pairs=2, seconds=1, exchanges=50, rows=300_000, waiters=500, journaled=2_000, polled=2_000, polling_seconds=10)

# With two processors, one for the server and one for the load, so that neither takes from the other.
SERVER_CPUS, LOAD_CPUS = {0}, {1}


@dataclass
class Bench:
    binary: Path
    encode_bench: Path
    work: Path
    scale: Scale
    servers: int = 0

    def server(self, settings=None, warehouse=None, cpus=None, certificate=None):
        """A server of its own, not started yet."""
        self.servers += 1
        return Server(self.binary, self.work / f"server-{self.servers}", settings, warehouse, cpus, certificate)

    def certificate(self):
        """The files of a certificate that signs itself, and of its key."""
        certificate, key = self.work / "certificate.pem", self.work / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        return certificate, key
