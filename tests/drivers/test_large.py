"""A result of very many rows, in chunks that the driver fetches by itself; the server's memory does not grow with it."""

import os
import threading
from pathlib import Path

import pytest

from conftest import end, new_server
from drivers import Connection, Credentials

# Rows are what takes a driver's time: a run by hand should have five million of them.
ROWS = int(os.environ.get("COATCHECK_LARGE_ROWS", 500_000))
FEW_ROWS = ROWS // 25
# The fewer rows, the longer each, so that a driver gets 240 MB at least. It is text that does not compress much.
HASHES = max(2, 7_500_000 // ROWS)
# What the server may take more for the many rows than it had for the few. It is a bound on buffers, so it does not depend
# on the number of rows.
GROWTH_MB = 160


def statement(rows):
    text = " || ".join(f"md5('{place}' || range)" for place in range(HASHES))
    return f"SELECT range AS i, {text} AS t FROM range({rows})"


def expected(rows):
    return {"rows": rows, "checksum": str(rows * (rows - 1) // 2 + 32 * HASHES * rows)}


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


def test_very_many_rows_and_flat_memory(driver, server, tmp_path, record_property):
    connection = Connection(driver, Credentials(server), tmp_path)
    try:
        few, _ = read(connection, server, FEW_ROWS)
        many, seconds = read(connection, server, ROWS)
    finally:
        connection.close()
    record_property("rows", ROWS)
    record_property("seconds", seconds)
    record_property("peak_mb", many)
    record_property("peak_mb_of_few", few)
    assert many - few < GROWTH_MB, f"{few:.0f} MB for {FEW_ROWS} rows, {many:.0f} MB for {ROWS}"
