"""What the suites that talk to a server over HTTP have in common: servers, which must end well, and their logs in a failure's report."""

import pytest

from .server import Server

LOG_TAIL_BYTES = 8000


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for name in ("server", "start_server"):
            used = item.funcargs.get(name)
            for server in [used] if isinstance(used, Server) else getattr(used, "servers", []):
                report.sections.append((f"log of {server.directory.name}", server.log_text()[-LOG_TAIL_BYTES:]))


def end(server):
    """Stops a server that a test leaves running: it must end well and must have made no mistake."""
    if server.is_running():
        server.stop()
    log = server.log_text()
    assert "ERROR: AddressSanitizer" not in log and "runtime error:" not in log, log[-LOG_TAIL_BYTES:]
    assert not server.log_events("handler_failed") and not server.log_events("task_failed"), log[-LOG_TAIL_BYTES:]


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    """One server for all tests of a module, without authentication."""
    server = Server(tmp_path_factory.mktemp("shared"), warehouse={"max_running": 2}).start()
    yield server
    end(server)


@pytest.fixture
def server(shared_server):
    """The module's server; no query is left unfinished on it."""
    yield shared_server
    if shared_server.is_running():
        with shared_server.api() as api:
            api.cancel_everything()


@pytest.fixture
def api(server):
    with server.api() as client:
        yield client


@pytest.fixture
def start_server(tmp_path):
    """Starts servers with settings of their own: `start_server(settings={…}, warehouse={…}, more="…")`."""
    def start(settings=None, warehouse=None, run=True, more=""):
        server = Server(tmp_path / f"server{len(start.servers)}", settings, warehouse, more)
        start.servers.append(server)
        return server.start() if run else server

    start.servers = []
    yield start
    for server in start.servers:
        end(server)
