"""The process dies at each durable step of a query's life, one by one, and the promises hold after the next start.

The steps are those of base/fail_point.hpp. The witness of what ran is the warehouse: a table that each write adds one row to,
and, where the warehouse is another server, that server's own history.
"""

import json

import httpx
import pytest

from harness.gate import Gate
from harness.server import DidNotStart, Server
from harness.statements import ENDLESS
from harness.waiting import until

# In several chunks, and from another server in several partitions.
ROWS = 300_000
READ = f"SELECT range AS n, 'row ' || range AS t FROM range({ROWS})"

SUBMITTING = ["submit.checked", "journal.commit", "journal.committed", "submit.durable"]
STARTING = ["run.taken", "run.prepared"]
SPOOLING = ["spool.created", "spool.written", "spool.written@2", "spool.unsynced", "spool.synced", "spool.renamed", "spool.sealed"]
ENDING = ["run.rows_kept", "run.end_recorded"]

# Recorded are: that it was accepted, that it runs, elsewhere its handle, its end. A read runs without waiting for the record.
READ_STEPS = SUBMITTING + STARTING + ["run.started", "run.answered"] + SPOOLING + ENDING + [f"{moment}@{time}" for time in (2, 3) for moment in ("journal.commit", "journal.committed")]
NOT_STARTED = SUBMITTING + STARTING + ["journal.commit@2"]
STARTED = ["journal.committed@2", "run.started", "run.answered", "spool.created", "spool.unsynced", "spool.synced"]
SEALED = ["spool.renamed", "spool.sealed", "run.rows_kept", "journal.commit@3", "journal.committed@3", "run.end_recorded"]
DETACHED_STEPS = (NOT_STARTED + ["journal.committed@2", "run.started", "run.submitted", "journal.commit@3", "journal.committed@3",
                                 "run.handle_recorded", "run.answered", "journal.commit@4", "journal.committed@4"] + ENDING)


class Dying:
    """A server and its client. What the client was told counts, also if the server does not live to remember it."""

    def __init__(self, server):
        self.server = server
        self.told = None

    def submit(self, statement, key):
        """Submits until it is accepted, as clients do; returns the id that the client was told first."""
        with self.server.api() as api:
            response = api.post("/v1/queries", json={"statement": statement}, headers={"Idempotency-Key": key})
        assert response.status_code in (200, 202), response.text
        self.told = self.told or response.json()["id"]
        assert response.json()["id"] == self.told, "an id that was told is lost"
        return self.told

    def dies_at(self, step, act):
        """Has the server die at a step while `act()` goes on, and starts it again."""
        self.server.fail_point = step
        self.server.restart()
        try:
            act()
        except httpx.TransportError:
            pass
        self.server.await_death()
        self.server.fail_point = None
        self.server.start()

    def lives_through(self, step, statement, key):
        """Submits a statement, has the server die at a step of its life, and returns the query after its end."""
        self.dies_at(step, lambda: self.submit(statement, key))
        id = self.submit(statement, key)
        with self.server.api() as api:
            return api.ended(id)


def check_whole(server, id):
    with server.api() as api:
        texts = [api.result(id, format="csv").text for _ in range(2)]
    assert texts[0] == texts[1]
    lines = texts[0].splitlines()
    assert len(lines) == ROWS + 1 and lines[1] == "0,row 0" and lines[-1] == f"{ROWS - 1},row {ROWS - 1}"


def results_on_disk(server):
    return sorted(each.name for each in (server.data / "results").rglob("*") if each.is_file())


def written(server, entry):
    with server.api() as api:
        return api.items(api.run(f"SELECT count(*) AS n FROM log WHERE entry = {entry}")["id"])[0]["n"]


def stop(server):
    server.fail_point = None
    if server.is_running():
        server.settings["server.drain_grace"] = "0s"
        with server.api() as api:
            api.cancel_everything()
        server.stop()
    assert "ERROR: AddressSanitizer" not in server.log_text() and "runtime error:" not in server.log_text()
    assert not server.log_events("handler_failed") and not server.log_events("task_failed")


@pytest.fixture(scope="module")
def attached(tmp_path_factory):
    directory = tmp_path_factory.mktemp("attached")
    server = Server(directory, warehouse={"database": str(directory / "warehouse.duckdb"), "max_running": 2}).start()
    with server.api() as api:
        api.run("CREATE TABLE log (entry INTEGER)")
    yield server
    stop(server)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    """The detached warehouse: another server, by its SQL API."""
    server = Server(tmp_path_factory.mktemp("upstream"), warehouse={"max_running": 8}).start()
    with server.api() as api:
        api.run("CREATE TABLE log (entry INTEGER)")
    yield server
    stop(server)


class DeadlyGate(Gate):
    """Kills a server at one of the requests that it sends through here."""

    victim = None

    def kills(self, victim, method, path, moment, time=1):
        """At the request of this method that has `path` in its path: `before` it goes on, or `after` it was answered, which is then lost."""
        self.victim, self.method, self.path, self.moment, self.left = victim, method, path, moment, time

    def is_meant(self, method, path):
        if self.victim is None or method != self.method or self.path not in path:
            return False
        self.left -= 1
        return self.left == 0

    def answer(self, method, path, headers, body):
        if not self.is_meant(method, path):
            return super().answer(method, path, headers, body)
        if self.moment == "after":
            super().answer(method, path, headers, body)
        self.victim.process.kill()
        self.victim = None
        return None


@pytest.fixture(scope="module")
def gate(upstream):
    with DeadlyGate(upstream) as gate:
        yield gate


@pytest.fixture(scope="module")
def detached(tmp_path_factory, gate):
    settings = {"name": "cloud", "kind": "snowflake", "url": gate.url, "authentication": "none", "poll_min": "10ms", "poll_max": "100ms",
                "default": True, "max_running": 8}
    more = "[[warehouse]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    server = Server(tmp_path_factory.mktemp("detached"), more=more).start()
    yield server
    stop(server)


def ran(upstream, statement):
    """How often a statement was submitted to the warehouse, as that has it in its own history."""
    with upstream.api() as api:
        return sum(1 for query in api.history(limit=1000)["queries"] if query["statement"] == statement)


# --- a warehouse that is attached ---------------------------------------------------------------


@pytest.mark.parametrize("step", READ_STEPS)
def test_a_read_yields_all_its_rows(attached, number, step):
    query = Dying(attached).lives_through(step, READ, f"read {number()}")
    assert query["status"] == "SUCCEEDED" and query["result"]["rows"] == ROWS
    assert query["attempt"] <= 2
    check_whole(attached, query["id"])
    with attached.api() as api:
        api.delete(f"/v1/queries/{query['id']}")
    until(lambda: not [name for name in results_on_disk(attached) if query["id"] in name], "its file to go")


@pytest.mark.parametrize("step", NOT_STARTED)
def test_a_write_that_had_not_begun_runs_once(attached, number, step):
    entry = number()
    query = Dying(attached).lives_through(step, f"INSERT INTO log VALUES ({entry})", f"write {entry}")
    assert (query["status"], query["attempt"]) == ("SUCCEEDED", 1)
    assert written(attached, entry) == 1


@pytest.mark.parametrize("step", STARTED)
def test_a_write_that_had_begun_is_told_to_be_interrupted(attached, number, step):
    entry = number()
    query = Dying(attached).lives_through(step, f"INSERT INTO log VALUES ({entry})", f"write {entry}")
    assert (query["status"], query["attempt"], query["error"]["category"]) == ("FAILED", 1, "INTERRUPTED")
    assert "may have taken effect" in query["error"]["message"]
    assert written(attached, entry) == (1 if step in STARTED[2:] else 0)
    assert not [name for name in results_on_disk(attached) if name.endswith(".partial")]


@pytest.mark.parametrize("step", SEALED)
def test_a_write_whose_end_was_on_disk_has_succeeded(attached, number, step):
    entry = number()
    query = Dying(attached).lives_through(step, f"INSERT INTO log VALUES ({entry})", f"write {entry}")
    assert (query["status"], query["attempt"]) == ("SUCCEEDED", 1)
    assert written(attached, entry) == 1


@pytest.mark.parametrize("step", ["journal.commit@3", "journal.committed@3", "cancel.recorded"])
def test_a_cancel_that_was_told_holds(attached, number, step):
    """A cancel that nobody was told of may be lost; then it is said again."""
    dying = Dying(attached)
    ids = []

    def cancel():
        with attached.api() as api:
            ids.append(api.running(ENDLESS)["id"])
            api.cancel(ids[0])
    dying.dies_at(step, cancel)
    with attached.api() as api:
        if step == "journal.commit@3":
            assert api.await_status(ids[0], "RUNNING")["attempt"] == 2
            api.cancel(ids[0])
        assert api.ended(ids[0])["status"] == "CANCELED"


@pytest.mark.parametrize("step", ["journal.commit", "journal.committed", "drop.recorded", "drop.removed"])
def test_a_deleted_result_is_there_whole_or_gone(attached, number, step):
    with attached.api() as api:
        id = api.run(READ)["id"]

    def delete():
        with attached.api() as api:
            api.delete(f"/v1/queries/{id}")
    Dying(attached).dies_at(step, delete)
    if step == "journal.commit":
        check_whole(attached, id)
        return
    with attached.api() as api:
        assert api.get(f"/v1/queries/{id}/result").status_code == 410
    assert not [name for name in results_on_disk(attached) if id in name]


@pytest.mark.parametrize("step", [f"schema.{moment}@{version}" for moment in ("commit", "committed") for version in range(1, 8)])
def test_a_journal_that_was_half_made_is_made(tmp_path, step):
    server = Server(tmp_path / "fresh")
    server.fail_point = step
    with pytest.raises(DidNotStart) as ended:
        server.start()
    assert ended.value.exit_code == -9
    server.fail_point = None
    server.start()
    with server.api() as api:
        api.run("SELECT 1")
    server.stop()


@pytest.mark.parametrize("step", SUBMITTING[1:] + STARTING + ["run.started", "run.answered", "spool.written", "spool.synced", "spool.renamed",
                                                             "run.rows_kept", "run.end_recorded", "journal.committed@2"])
def test_a_shutdown_at_any_step_is_no_crash(attached, number, step):
    attached.fail_point = f"{step}=term"
    attached.restart()
    with attached.api() as api:
        response = api.post("/v1/queries", json={"statement": READ})
    # Accepted, or refused with a word; never cut off.
    assert response.status_code in (202, 503), response.text
    assert attached.wait() == 0
    attached.fail_point = None
    attached.start()
    if response.status_code == 202:
        with attached.api() as api:
            assert api.ended(response.json()["id"])["status"] == "SUCCEEDED"
        check_whole(attached, response.json()["id"])


# --- a warehouse that is detached ---------------------------------------------------------------


@pytest.mark.parametrize("step", DETACHED_STEPS)
@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
def test_a_statement_runs_once_in_a_detached_warehouse(detached, upstream, number, step, write):
    entry = number()
    statement = f"INSERT INTO log VALUES ({entry})" if write else f"{READ} WHERE range <> -{entry}"
    query = Dying(detached).lives_through(step, statement, f"statement {entry}")
    assert (query["status"], query["attempt"]) == ("SUCCEEDED", 1)
    assert ran(upstream, statement) == 1
    if write:
        assert written(upstream, entry) == 1
    else:
        check_whole(detached, query["id"])


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method, path", [("POST", "/api/v2/statements?"), ("GET", "/api/v2/statements/")], ids=["submit", "refresh"])
def test_a_statement_runs_once_when_its_request_breaks_off(detached, upstream, gate, number, method, path, moment):
    entry = number()
    statement = f"INSERT INTO log VALUES ({entry})"
    dying = Dying(detached)
    gate.kills(detached, method, path, moment)
    query = dying.lives_through(None, statement, f"statement {entry}")
    assert (query["status"], query["attempt"]) == ("SUCCEEDED", 1)
    assert ran(upstream, statement) == 1 and written(upstream, entry) == 1


@pytest.mark.parametrize("step", ["journal.commit@4", "journal.committed@4", "cancel.recorded"])
def test_a_cancel_reaches_a_detached_warehouse(detached, upstream, number, step):
    ids = []
    statement = f"{ENDLESS} AND {number()} > 0"

    def cancel():
        with detached.api() as api:
            ids.append(api.running(statement)["id"])
            with upstream.api() as there:
                until(lambda: [each for each in there.history(status="RUNNING")["queries"] if each["statement"] == statement], "it to run there")
            api.cancel(ids[0])
    Dying(detached).dies_at(step, cancel)
    with detached.api() as api:
        if step == "journal.commit@4":
            assert api.status(ids[0])["status"] == "RUNNING"
            api.cancel(ids[0])
        assert api.ended(ids[0])["status"] == "CANCELED"
    with upstream.api() as there:
        states = [each["status"] for each in there.history(limit=1000)["queries"] if each["statement"] == statement]
    assert states == ["CANCELED"]


def claim(server, id):
    with server.api() as api, api.stream("GET", f"/v1/queries/{id}/result", params={"format": "csv"}) as response:
        for _ in response.iter_raw():
            pass


@pytest.mark.parametrize("step", ["fetch.begun"] + SPOOLING + ["fetch.sealed", "journal.commit", "journal.committed", "fetch.recorded"])
def test_a_fetch_that_broke_off_is_made_again(detached, upstream, number, step):
    with detached.api() as api:
        id = api.run(f"{READ} WHERE range <> -{number()}")["id"]
    Dying(detached).dies_at(step, lambda: claim(detached, id))
    check_whole(detached, id)
    with detached.api() as api:
        assert "kept_by_warehouse" not in api.status(id)["result"]
    assert not [name for name in results_on_disk(detached) if name.endswith(".partial")]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("partition", [1, 2])
def test_a_partition_that_breaks_off_is_fetched_again(detached, gate, number, partition, moment):
    with detached.api() as api:
        id = api.run(f"{READ} WHERE range <> -{number()}")["id"]

    def claim_through_the_gate():
        gate.kills(detached, "GET", "partition=", moment, partition)
        claim(detached, id)
    Dying(detached).dies_at(None, claim_through_the_gate)
    check_whole(detached, id)
