import pytest

from drivers import DRIVERS, Connections, Credentials, Process
from harness.server import Server

LOG_TAIL_BYTES = 8000
# The files that take longest, in the order of their beginning: a worker that is left alone with one of them has a short one.
LONGEST_FIRST = ["test_large", "test_long", "test_restart", "test_two_servers", "test_article_flow", "test_key_pairs", "test_sessions", "test_async_api"]


def pytest_addoption(parser):
    parser.addoption("--driver", action="append", default=[], help="only this driver, by its name in drivers.py (may be repeated)")


def chosen_drivers(config):
    names = config.getoption("--driver")
    return [driver for driver in DRIVERS if not names or driver.name in names]


def pytest_generate_tests(metafunc):
    """A test that takes `driver` runs with every driver of the table; `@pytest.mark.needs(…)` leaves out those that cannot."""
    if "driver" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("needs")
        needed = marker.args if marker else ()
        able = [each for each in chosen_drivers(metafunc.config) if not any(name in each.cannot for name in needed)]
        metafunc.parametrize("driver", able, ids=str, scope="module")


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(*commands): leaves out the drivers whose `cannot` names one of these")


def pytest_collection_modifyitems(items):
    def place(item):
        name = item.module.__name__
        return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)
    items.sort(key=place)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for used in {id(used): used for used in item.funcargs.values() if isinstance(used, Server)}.values():
            report.sections.append((f"log of {used.directory.name}", used.log_text()[-LOG_TAIL_BYTES:]))


def end(server, key=None):
    """Stops a server, of which `key` is an administrator's: it must end well and must have made no mistake."""
    if server.is_running():
        with server.api(key) as api:
            api.cancel_everything()
        server.stop()
    log = server.log_text()
    assert "ERROR: AddressSanitizer" not in log and "runtime error:" not in log, log[-LOG_TAIL_BYTES:]
    assert not server.log_events("handler_failed") and not server.log_events("task_failed"), log[-LOG_TAIL_BYTES:]


def new_server(directory, settings=None, **warehouse):
    # A database file: what one driver writes is there for the next, and after a restart.
    return Server(directory / "server", settings, {"database": str(directory / "warehouse.duckdb"), "max_running": 4, **warehouse})


# --- The server and the connections that tests share ------------------------------------------------------------------
#
# They are there once for each worker of pytest-xdist. A file that wants another server has fixtures of these names of its own.


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    """One server for all tests, without authentication."""
    server = new_server(tmp_path_factory.mktemp("drivers")).start()
    yield server
    end(server)


@pytest.fixture(scope="session")
def shared_api(shared_server):
    with shared_server.api() as client:
        yield client


@pytest.fixture
def server(shared_server, shared_api):
    """The shared server; no query is left unfinished on it."""
    yield shared_server
    shared_api.cancel_everything()


@pytest.fixture
def api(server, shared_api):
    """The native API of the shared server: the other door to the same queries."""
    return shared_api


@pytest.fixture(scope="session")
def connections(shared_server, tmp_path_factory):
    """Every driver's one connection to the shared server."""
    with Connections(shared_server, tmp_path_factory.mktemp("connections")) as opened:
        yield opened


@pytest.fixture
def connection(driver, server, connections):
    """The driver with a connection that is kept for other tests: `connection("run", sql)`."""
    yield connections.of(driver)
    connections.tidy()


@pytest.fixture
def process(driver, server, tmp_path):
    """The driver with a new process and connection for every command: `process("submit", sql)`. It costs a second each."""
    return Process(driver, Credentials(server), tmp_path)
