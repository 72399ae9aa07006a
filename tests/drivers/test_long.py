"""A statement that runs longer than the server holds one request: 45 s, then the driver asks again, and again."""

from concurrent.futures import ThreadPoolExecutor

from conftest import end, new_server
from drivers import DRIVERS, Credentials, Process
from statements import lasting

SECONDS = 50


def test_every_driver_waits_out_a_long_statement(request, tmp_path):
    # All at the same time, so that it takes a minute once.
    chosen = request.config.getoption("--driver")
    drivers = [driver for driver in DRIVERS if not chosen or driver.name in chosen]
    server = new_server(tmp_path, max_running=len(drivers)).start()
    try:
        with ThreadPoolExecutor(len(drivers)) as pool:
            waiting = {driver.name: pool.submit(Process(driver, Credentials(server), tmp_path), "run", lasting(SECONDS)) for driver in drivers}
        wrong = {name: answer.exception() or answer.result() for name, answer in waiting.items()
                 if answer.exception() or answer.result()["rows"] != [["true"]]}
        assert not wrong
        with server.api() as api:
            # Nobody gave up and tried once more.
            assert len(api.history(limit=100)["queries"]) == len(drivers)
    finally:
        end(server)
