"""Principals are served in turn, and none has more than it may."""

import pytest

from conftest import end
from harness.keys import make_key
from harness.server import Server
from harness.statements import ENDLESS

FLOOD = 200
LIMITED = """
[[principal]]
name = "limited"
max_running = 1
max_queued = 2
[[warehouse]]
name = "side"
kind = "duckdb"
threads = 1
"""


class Crowd:
    """A server with one place in its first warehouse and keys for several users."""

    def __init__(self, directory):
        self.server = Server(directory, {"authentication.enabled": True}, {"max_running": 1}, LIMITED)
        self.keys = {name: make_key(self.server.binary, self.server.data, name) for name in ("ann", "bob", "limited")}
        self.clients = []
        self.server.start()
        self.connect()

    def connect(self):
        self.close()
        self.clients = [self.server.api(key) for key in self.keys.values()]
        self.ann, self.bob, self.limited = self.clients

    def close(self):
        for client in self.clients:
            client.close()


@pytest.fixture
def crowd(tmp_path):
    made = Crowd(tmp_path)
    yield made
    for client in made.clients:
        client.cancel_everything()
    made.close()
    end(made.server)


def test_who_floods_delays_others_by_one_query(crowd):
    busy = crowd.ann.running(ENDLESS)
    flood = [crowd.ann.submit("SELECT 1")["id"] for _ in range(FLOOD)]
    bobs = crowd.bob.submit("SELECT 2", expect=202)
    assert crowd.bob.status(bobs["id"])["queue"]["position"] == 0
    assert crowd.ann.status(flood[-1])["queue"]["position"] == FLOOD
    crowd.ann.cancel(busy["id"])
    ended = crowd.bob.ended(bobs["id"])
    assert ended["status"] == "SUCCEEDED"
    for id in flood:
        crowd.ann.ended(id)
    before = [query for query in crowd.ann.history(limit=1000)["queries"]
              if query["id"] != busy["id"] and query["started_at"] < ended["started_at"]]
    assert len(before) <= 1


def test_the_limits_of_a_principal_hold_in_all_warehouses_and_after_a_restart(crowd):
    crowd.limited.running(ENDLESS, warehouse="side")
    waiting = crowd.limited.submit("SELECT 1", warehouse="side")
    shown = crowd.limited.status(waiting["id"])
    assert shown["status"] == "QUEUED" and shown["queue"]["reason"] == "1 queries of this principal are running, and 1 may"
    crowd.limited.submit("SELECT 1", warehouse="side")

    def refused():
        answer = crowd.limited.post("/v1/queries", json={"statement": "SELECT 1"})
        return answer.status_code == 429 and answer.headers["Retry-After"] and \
            "principal 'limited' has as many queries waiting as it may have (2)" in answer.json()["detail"]
    assert refused()
    assert crowd.bob.run("SELECT 1")["status"] == "SUCCEEDED"
    assert crowd.ann.run("SELECT 1", warehouse="side")["status"] == "SUCCEEDED"

    crowd.server.kill()
    crowd.server.restart()
    crowd.connect()
    assert refused()
    crowd.limited.cancel(waiting["id"])
    crowd.limited.submit("SELECT 1")


def test_of_ones_own_queries_the_urgent_go_first(crowd):
    busy = crowd.ann.running(ENDLESS)
    later, usual, urgent = (crowd.ann.submit("SELECT 1", priority=priority) for priority in (-1, 0, 100))
    assert urgent["priority"] == 100 and "priority" not in usual
    assert [crowd.ann.status(query["id"])["queue"]["position"] for query in (urgent, usual, later)] == [0, 1, 2]
    crowd.ann.cancel(busy["id"])
    started = [crowd.ann.ended(query["id"])["started_at"] for query in (urgent, usual, later)]
    assert started == sorted(started)
    refused = crowd.ann.post("/v1/queries", json={"statement": "SELECT 1", "priority": 101})
    assert refused.status_code == 400 and refused.json()["field"] == "priority"
