import pytest

from harness.keys import make_key
from harness.server import Server

LOG_TAIL_BYTES = 8000


@pytest.fixture(params=["authentication off", "authentication on"])
def server(request, tmp_path):
    """A server, with `key` for an administrator if it wants one."""
    authenticates = request.param == "authentication on"
    # Few queries at a time and short ones, for many will be submitted.
    server = Server(tmp_path / "server", {"authentication.enabled": authenticates}, {"max_running": 2})
    server.key = make_key(server.binary, server.data, "contract", "admin") if authenticates else None
    server.start()
    yield server
    server.stop()
    log = server.log_text()
    assert "ERROR: AddressSanitizer" not in log and "runtime error:" not in log, log[-LOG_TAIL_BYTES:]
    mistakes = [event for event in server.log_events() if event["level"] == "error"]
    assert not mistakes, mistakes[:10]
