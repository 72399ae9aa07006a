"""The power is cut at each durable step: what was not synced is gone, or there, or torn. The promises hold all the same.

The warehouse's own database is on another disk, which keeps its power: what it does then is its own promise.
"""

import httpx
import pytest

from harness.disk import Disk
from harness.server import Server
from test_steps import NOT_STARTED, READ, READ_STEPS, SEALED, STARTED, Dying, check_whole, results_on_disk, stop, written

SEEDS = {"drop": [0], "tear": [1]}
CUTS = [(mode, seed) for mode, seeds in SEEDS.items() for seed in seeds]


class Unplugged(Dying):
    """Its server dies by a power cut."""

    def __init__(self, server, cut):
        super().__init__(server)
        self.cut = cut

    def dies_at(self, step, act):
        self.server.fail_point = step
        self.server.restart()
        self.server.disk.trust()
        try:
            act()
        except httpx.TransportError:
            pass
        self.server.await_death()
        self.server.disk.cut(*self.cut)
        self.server.fail_point = None
        self.server.start()


@pytest.fixture(params=CUTS, ids=lambda cut: f"{cut[0]}{cut[1]}")
def cut(request):
    return request.param


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("unplugged")
    server = Server(directory, warehouse={"database": str(directory / "warehouse.duckdb"), "max_running": 2})
    server.disk = Disk(server.data, directory / "notes")
    server.start()
    with server.api() as api:
        api.run("CREATE TABLE log (entry INTEGER)")
    yield server
    stop(server)


@pytest.mark.parametrize("step", READ_STEPS)
def test_a_read_yields_all_its_rows(server, number, cut, step):
    query = Unplugged(server, cut).lives_through(step, READ, f"read {number()}")
    assert query["status"] == "SUCCEEDED" and query["attempt"] <= 2
    check_whole(server, query["id"])
    with server.api() as api:
        api.delete(f"/v1/queries/{query['id']}")
    assert not [name for name in results_on_disk(server) if query["id"] in name]


@pytest.mark.parametrize("step", NOT_STARTED + STARTED + SEALED)
def test_a_write_runs_once_or_says_that_it_is_unknown(server, number, cut, step):
    entry = number()
    query = Unplugged(server, cut).lives_through(step, f"INSERT INTO log VALUES ({entry})", f"write {entry}")
    if step in NOT_STARTED:
        assert (query["status"], query["attempt"]) == ("SUCCEEDED", 1)
    elif query["status"] != "SUCCEEDED":
        assert (query["status"], query["error"]["category"]) == ("FAILED", "INTERRUPTED")
    if query["status"] == "SUCCEEDED":
        assert written(server, entry) == 1
    assert written(server, entry) <= 1
