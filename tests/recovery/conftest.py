import pytest

from harness.server import Server

LOG_TAIL_BYTES = 8000


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    server = item.funcargs.get("server") if report.failed else None
    if server is not None:
        report.sections.append(("log of the server", server.log_text()[-LOG_TAIL_BYTES:]))


@pytest.fixture(scope="module")
def number():
    """A number that no other test of the module gets."""
    numbers = iter(range(1, 100_000))
    return lambda: next(numbers)


@pytest.fixture
def server(tmp_path):
    """A server over a database file, so that what writes did can be counted after a crash.

    The table `log` is the witness: a statement that inserts into it leaves one row for each time it took effect.
    """
    server = Server(tmp_path / "server", warehouse={"database": str(tmp_path / "warehouse.duckdb"), "max_running": 2}).start()
    with server.api() as api:
        api.run("CREATE TABLE log (entry INTEGER)")
    yield server
    if server.is_running():
        server.settings["server.drain_grace"] = "0s"
        with server.api() as api:
            api.cancel_everything()
        server.stop()
    log = server.log_text()
    assert "ERROR: AddressSanitizer" not in log and "runtime error:" not in log, log[-LOG_TAIL_BYTES:]
    assert not server.log_events("handler_failed") and not server.log_events("task_failed"), log[-LOG_TAIL_BYTES:]
