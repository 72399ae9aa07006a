"""Kills and power cuts at random moments under a mixed load.

COATCHECK_KILLS says how many, COATCHECK_SEED where the dice begin; a test's name has the seed that repeats it.
"""

import os
import random
import threading
import time
from dataclasses import dataclass

import httpx
import pytest

from harness.api import FINAL
from harness.disk import MODES, Disk
from harness.server import Server
from harness.statements import ENDLESS

KILLS = int(os.environ.get("COATCHECK_KILLS", "10"))
SEED = int(os.environ.get("COATCHECK_SEED", "20261122"))
KILLS_OF_A_SERVER = 50
RUNS = [(SEED + first, min(KILLS_OF_A_SERVER, KILLS - first)) for first in range(0, KILLS, KILLS_OF_A_SERVER)]
CLIENTS = 3
# Long enough for queries to be in every state, short enough for many kills.
LIFE_SECONDS_MAX = 0.8


@dataclass
class Submitted:
    number: int
    kind: str
    statement: str
    rows: int = 0
    id: str = ""
    accepted: bool = False  # Whether the client heard the id.
    canceled: bool = False  # Whether a cancel was sent.


def make(number, dice):
    kind = dice.choices(["read", "write", "rows", "wrong", "long write", "endless"], [6, 6, 4, 1, 2, 1])[0]
    rows = {"read": 1 + dice.randrange(50), "rows": 200_000 + dice.randrange(400_000)}.get(kind, 0)
    statement = {
        "read": f"SELECT range AS n, {number} AS q FROM range({rows})",
        "rows": f"SELECT range AS n, {number} AS q FROM range({rows})",
        "write": f"INSERT INTO log VALUES ({number})",
        "long write": f"INSERT INTO log SELECT {number} FROM (SELECT count(*) FROM range(3000) a, range(20000) b WHERE a.range + b.range < 0)",
        "wrong": f"SELECT nonsense{number}",
        "endless": f"{ENDLESS} AND {number} > 0",
    }[kind]
    return Submitted(number, kind, statement, rows)


def post(api, each):
    return api.post("/v1/queries", json={"statement": each.statement}, headers={"Idempotency-Key": f"query {each.number}"})


def client(server, seed, numbers, submitted, stop):
    """Submits, looks, claims and cancels until the server is gone."""
    dice = random.Random(seed)
    try:
        with server.api() as api:
            while not stop.is_set():
                each = make(next(numbers), dice)
                submitted.append(each)
                response = post(api, each)
                if response.status_code == 429:
                    submitted.remove(each)
                    continue
                assert response.status_code in (200, 202), response.text
                each.id = response.json()["id"]
                each.accepted = True
                other = dice.choice(submitted)
                if other.accepted and dice.random() < 0.5:
                    api.get(f"/v1/queries/{other.id}/result")
                elif other.accepted and dice.random() < 0.1:
                    other.canceled = True
                    api.cancel(other.id)
    except (httpx.TransportError, httpx.StreamError):
        pass


class Numbers:
    """1, 2, 3 … for many threads."""

    def __init__(self):
        self.lock, self.last = threading.Lock(), 0

    def __next__(self):
        with self.lock:
            self.last += 1
            return self.last


@pytest.fixture
def server(tmp_path):
    """As conftest.py's, on a disk whose power can be cut; the warehouse is on another."""
    server = Server(tmp_path / "server", warehouse={"database": str(tmp_path / "warehouse.duckdb"), "max_running": 2})
    server.disk = Disk(server.data, tmp_path / "notes")
    server.start()
    with server.api() as api:
        api.run("CREATE TABLE log (entry INTEGER)")
    yield server
    server.kill()
    log = server.log_text()
    assert "ERROR: AddressSanitizer" not in log and "runtime error:" not in log
    assert not server.log_events("handler_failed") and not server.log_events("task_failed")


def end(server, dice):
    """Kills the server, and every other time the power of its disk goes too."""
    server.kill()
    if dice.random() < 0.5:
        server.disk.cut(dice.choice(MODES), seed=dice.random())


@pytest.mark.parametrize("seed, kills", RUNS)
def test_promises_hold_through_random_kills(server, seed, kills):
    dice = random.Random(seed)
    numbers, all_submitted = Numbers(), []
    for _ in range(kills):
        stop, lists, threads, failures = threading.Event(), [], [], []
        for _ in range(CLIENTS):
            lists.append([])

            def run(submitted=lists[-1], seed=dice.random()):
                try:
                    client(server, seed, numbers, submitted, stop)
                except AssertionError as failure:
                    failures.append(failure)
            threads.append(threading.Thread(target=run))
            threads[-1].start()
        time.sleep(dice.uniform(0.05, LIFE_SECONDS_MAX))  # Not a wait for anything: the moment of the kill.
        end(server, dice)
        stop.set()
        for thread in threads:
            thread.join()
        assert not failures, failures[0]
        new = [each for submitted in lists for each in submitted]
        all_submitted += new
        server.start()
        with server.api() as api:
            for each in new:
                # Who heard of no id asks again under the same key, and that is the same query.
                response = post(api, each)
                assert response.status_code in (200, 202), response.text
                if each.accepted:
                    assert response.json()["id"] == each.id, f"query {each.number}: an accepted id was forgotten"
                each.id = response.json()["id"]
            # Those that never end must not fill the places.
            for each in new:
                if each.kind == "endless":
                    each.canceled = True
                    api.cancel(each.id)
            # No query that ran in this crash is there twice, and no unfinished file belongs to an ended one.
            for each in dice.sample(all_submitted, min(20, len(all_submitted))):
                assert api.status(each.id)["id"] == each.id

    with server.api() as api:
        ended = {each.number: api.ended(each.id) for each in all_submitted}
        check(api, all_submitted, ended)
    assert not list(server.data.rglob("*.partial"))


def check(api, all_submitted, ended):
    entries = [row["entry"] for row in api.items(api.run("SELECT entry FROM log ORDER BY entry")["id"])]
    tally = {}
    for each in all_submitted:
        query = ended[each.number]
        status, category = query["status"], query.get("error", {}).get("category")
        tally[each.kind, status, category] = tally.get((each.kind, status, category), 0) + 1
        what = f"query {each.number} ({each.kind}): {query}"
        assert status in FINAL
        if status == "CANCELED":
            assert each.canceled, what
        if each.kind in ("write", "long write"):
            count = entries.count(each.number)
            assert count <= 1, f"{what}: took effect {count} times"
            assert query["attempt"] <= 1, what
            if status == "SUCCEEDED":
                assert count == 1, f"{what}: succeeded without effect"
            elif status == "FAILED":
                assert category == "INTERRUPTED", what
            elif query["attempt"] == 0:
                assert count == 0, what
        elif each.kind == "wrong":
            assert status == "CANCELED" or (status == "FAILED" and category in ("STATEMENT", "INTERRUPTED")), what
        elif status == "SUCCEEDED":
            assert query["result"]["rows"] == each.rows, what
            rows = api.items(each.id, offset=max(0, each.rows - 3))
            assert [row["n"] for row in rows] == list(range(max(0, each.rows - 3), each.rows)), what
            assert all(row["q"] == each.number for row in rows), what
        elif status == "FAILED":
            assert category == "INTERRUPTED" and query["attempt"] >= 2, what
    for kind, count in sorted(tally.items(), key=str):
        print(*kind, count)
