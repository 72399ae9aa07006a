"""DuckDB in this process, through its C API: the same library that the server is built with."""

import ctypes
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class _Result(ctypes.Structure):
    _fields_ = [("counts", ctypes.c_uint64 * 3), ("pointers", ctypes.c_void_p * 3)]


def _library():
    prefix = subprocess.run([ROOT / "tools/install-dependencies", "--prefix"], capture_output=True, text=True, check=True)
    lock = (ROOT / "tools/dependencies.lock").read_text().splitlines()
    version = next(words[2] for words in map(str.split, lock) if words[:2] == ["npm", "duckdb"])
    library = ctypes.CDLL(f"{prefix.stdout.strip()}/duckdb-{version}/lib/libduckdb.so")
    library.duckdb_result_error.restype = ctypes.c_char_p
    return library


class DuckDB:
    def __init__(self, threads):
        self.library = _library()
        self.database, self.connection = ctypes.c_void_p(), ctypes.c_void_p()
        if self.library.duckdb_open(None, ctypes.byref(self.database)) or \
                self.library.duckdb_connect(self.database, ctypes.byref(self.connection)):
            raise RuntimeError("DuckDB does not open")
        self.run(f"SET threads = {threads}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.library.duckdb_disconnect(ctypes.byref(self.connection))
        self.library.duckdb_close(ctypes.byref(self.database))

    def run(self, statement):
        result = _Result()
        failed = self.library.duckdb_query(self.connection, statement.encode(), ctypes.byref(result))
        words = self.library.duckdb_result_error(ctypes.byref(result)) if failed else None
        self.library.duckdb_destroy_result(ctypes.byref(result))
        if failed:
            raise RuntimeError(f"{statement}: {words.decode()}")
