"""A result of millions of rows, in chunks that the driver fetches by itself; the server's memory does not grow with it."""

import os
import threading
from pathlib import Path

import pytest

from conftest import end, new_server
from drivers import Connection, Credentials

ROWS = int(os.environ.get("COATCHECK_LARGE_ROWS", 5_000_000))
FEW_ROWS = 200_000
# What the server may take more for the many rows than it had for the few. It is a bound on buffers, so it does not depend
# on the number of rows: these are over 400 MB as a driver gets them.
GROWTH_MB = 160


def statement(rows):
    return f"SELECT range AS i, md5(range::VARCHAR) || md5((range + 1)::VARCHAR) AS t FROM range({rows})"


def expected(rows):
    return {"rows": rows, "checksum": str(rows * (rows - 1) // 2 + 64 * rows)}


class Memory:
    """The most memory that a process has had at a time, in MB, while this is entered."""

    def __init__(self, pid):
        self.status = Path(f"/proc/{pid}/status")
        self.peak = 0.0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def resident(self):
        line = next(line for line in self.status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def watch(self):
        while not self.stop.wait(0.02):
            self.peak = max(self.peak, self.resident())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    # The engine's memory is bounded, and the sanitizer gives back what is freed, so that what is measured is ours.
    before = os.environ.get("ASAN_OPTIONS")
    os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=8:allocator_release_to_os_interval_ms=100" + (f":{before}" if before else "")
    server = new_server(tmp_path_factory.mktemp("large"), memory_limit="256MiB").start()
    if before is None:
        del os.environ["ASAN_OPTIONS"]
    else:
        os.environ["ASAN_OPTIONS"] = before
    yield server
    end(server)


def read(connection, server, rows):
    with Memory(server.process.pid) as memory:
        answer = connection("count", statement(rows))
    seconds = answer.pop("seconds")
    assert answer == expected(rows)
    return memory.peak, seconds


def test_millions_of_rows_and_flat_memory(driver, server, tmp_path, record_property):
    connection = Connection(driver, Credentials(server), tmp_path)
    try:
        few, _ = read(connection, server, FEW_ROWS)
        many, seconds = read(connection, server, ROWS)
    finally:
        connection.close()
    record_property("seconds", seconds)
    record_property("peak_mb", many)
    assert many - few < GROWTH_MB, f"{few:.0f} MB for {FEW_ROWS} rows, {many:.0f} MB for {ROWS}"
