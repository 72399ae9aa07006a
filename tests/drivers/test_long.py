"""A statement that takes longer than the server holds one request: then the driver asks again, and again."""

import pytest

from conftest import chosen_drivers, end, new_server
from drivers import Connections
from gate import Gate
from harness.statements import ENDLESS
from harness.waiting import until


@pytest.mark.parametrize("settings, times", [({}, 1), ({"limits.wait_max": "1s"}, 3)], ids=["45 s", "1 s, and again"])
def test_every_driver_waits_out_a_long_statement(request, tmp_path, settings, times):
    # All at the same time, so that it takes a minute once. They wait in the queue, which costs no processor.
    drivers = chosen_drivers(request.config)
    server = new_server(tmp_path, settings, max_running=1).start()
    try:
        with server.api() as api, Gate(server) as gate, Connections(gate, tmp_path) as connections:
            before_them = api.running(ENDLESS)
            for driver in drivers:
                connections.of(driver).begin("run", f"SELECT '{driver}' AS who")

            def all_asked_again():
                queries = [query["id"] for query in api.history(limit=100)["queries"] if query["id"] != before_them["id"]]
                assert len(queries) <= len(drivers), "somebody submitted it twice"
                return len(queries) == len(drivers) and all(gate.passed.count(f"/queries/{id}/result") >= times for id in queries)

            until(all_asked_again, "every driver to ask again", seconds=120, every=0.2)
            api.cancel(before_them["id"])
            assert [connections.of(driver).finish()["rows"] for driver in drivers] == [[[str(driver)]] for driver in drivers]
            # Nobody gave up and tried once more.
            assert len(api.history(limit=100)["queries"]) == 1 + len(drivers)
    finally:
        end(server)
