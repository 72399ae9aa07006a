import pytest

from drivers import DRIVERS, Connection, Credentials, Process
from harness.server import Server

LOG_TAIL_BYTES = 8000


def pytest_addoption(parser):
    parser.addoption("--driver", action="append", default=[], help="only this driver, by its name in drivers.py (may be repeated)")


def pytest_generate_tests(metafunc):
    """A test that takes `driver` runs with every driver of the table; `@pytest.mark.needs(…)` leaves out those that cannot."""
    if "driver" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--driver")
        drivers = [driver for driver in DRIVERS if not chosen or driver.name in chosen]
        marker = metafunc.definition.get_closest_marker("needs")
        needed = marker.args if marker else ()
        metafunc.parametrize("driver", [each for each in drivers if not any(name in each.cannot for name in needed)], ids=str, scope="module")


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(*commands): leaves out the drivers whose `cannot` names one of these")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for used in item.funcargs.values():
            if isinstance(used, Server):
                report.sections.append((f"log of {used.directory.name}", used.log_text()[-LOG_TAIL_BYTES:]))


def end(server):
    """Stops a server: it must end well and must have made no mistake."""
    if server.is_running():
        with server.api() as api:
            api.cancel_everything()
        server.stop()
    log = server.log_text()
    assert "ERROR: AddressSanitizer" not in log and "runtime error:" not in log, log[-LOG_TAIL_BYTES:]
    assert not server.log_events("handler_failed") and not server.log_events("task_failed"), log[-LOG_TAIL_BYTES:]


def new_server(directory, settings=None, **warehouse):
    # A database file: what one driver writes is there for the next, and after a restart.
    return Server(directory / "server", settings, {"database": str(directory / "warehouse.duckdb"), "max_running": 4, **warehouse})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all tests of a module, without authentication."""
    server = new_server(tmp_path_factory.mktemp("drivers")).start()
    yield server
    end(server)


@pytest.fixture
def own_server(tmp_path):
    """A server for one test, on a port that it keeps when it is started again."""
    server = new_server(tmp_path).start()
    server.settings["server.listen"] = server.url.removeprefix("http://")
    yield server
    end(server)


@pytest.fixture
def api(server):
    """The native API of the module's server: the other door to the same queries."""
    with server.api() as client:
        yield client


@pytest.fixture
def process(driver, server, tmp_path):
    """The driver with a new process and connection for every command: `process("submit", sql)`."""
    return Process(driver, Credentials(server), tmp_path)


@pytest.fixture(scope="module")
def connections(server, tmp_path_factory):
    """Every driver's one connection to the module's server, opened when it is first asked for."""
    opened = {}

    def of(driver):
        if driver not in opened:
            opened[driver] = Connection(driver, Credentials(server), tmp_path_factory.mktemp(str(driver)))
        return opened[driver]

    yield of
    for connection in opened.values():
        connection.close()


@pytest.fixture
def connection(driver, connections):
    """The driver with one connection for the module's tests: `connection("run", sql)`."""
    return connections(driver)
