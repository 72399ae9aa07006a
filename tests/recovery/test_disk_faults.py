"""The disk fails under a running server: what was accepted stays accepted, and nothing is told that is not so."""

import pytest

from harness.disk import Disk
from harness.server import Server
from harness.statements import ENDLESS
from harness.waiting import until
from test_steps import READ, check_whole, results_on_disk

JOURNAL = "journal.db"
RESULTS = "/results/"


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path, warehouse={"database": str(tmp_path / "warehouse.duckdb"), "max_running": 2})
    server.disk = Disk(server.data, tmp_path / "notes")
    server.start()
    with server.api() as api:
        api.run("CREATE TABLE log (entry INTEGER)")
    yield server
    if server.is_running():  # A test that has failed leaves it.
        server.kill()
    assert "ERROR: AddressSanitizer" not in server.log_text() and "runtime error:" not in server.log_text()
    assert not server.log_events("handler_failed") and not server.log_events("task_failed")


def post(api, statement, key):
    return api.post("/v1/queries", json={"statement": statement}, headers={"Idempotency-Key": key})


@pytest.mark.parametrize("fault", [("sync", "EIO", JOURNAL), ("write", "EIO", JOURNAL), ("write", "ENOSPC", JOURNAL)], ids=" ".join)
@pytest.mark.parametrize("mode", ["drop", "tear"])
def test_a_journal_that_cannot_be_written_accepts_nothing_and_loses_nothing(server, fault, mode):
    with server.api() as api:
        kept = api.run(READ)["id"]
        waiting = [api.running(ENDLESS)["id"] for _ in range(2)]
        queued = post(api, "INSERT INTO log VALUES (1)", "queued").json()["id"]
        server.disk.fail(fault)
        refused = post(api, "INSERT INTO log VALUES (2)", "refused")
        assert refused.status_code == 503, refused.text
        assert str(server.data) not in refused.text
        assert api.get("/readyz").status_code == 503
        assert server.log_events("journal_broken")
        # What a failed sync has lost is lost: that the next one works says nothing of it.
        server.disk.heal()
        assert post(api, "INSERT INTO log VALUES (2)", "refused").status_code == 503
        # What is there can be looked at and claimed.
        assert api.status(queued)["status"] == "QUEUED"
        check_whole(server, kept)
    server.kill()
    server.disk.cut(mode, seed=3)
    server.start()
    with server.api() as api:
        assert api.get("/readyz").status_code == 200
        check_whole(server, kept)
        for id in waiting:
            api.cancel(id)
        assert post(api, "INSERT INTO log VALUES (1)", "queued").json()["id"] == queued
        assert post(api, "INSERT INTO log VALUES (2)", "refused").status_code == 202
        for id in waiting + [queued]:
            api.ended(id)
        until(lambda: api.items(api.run("SELECT entry FROM log ORDER BY entry")["id"]) == [{"entry": 1}, {"entry": 2}], "both to be written once")
    server.stop()


@pytest.mark.parametrize("fault, code", [(("write", "ENOSPC", RESULTS), "RESULT_LIMIT"), (("write", "EIO", RESULTS), "SPOOL"), (("sync", "EIO", ".partial"), "SPOOL"), (("sync", "EIO", RESULTS), "SPOOL")],
                         ids=lambda each: " ".join(each) if isinstance(each, tuple) else each)
def test_a_result_that_cannot_be_stored_fails_and_others_go_on(server, fault, code):
    with server.api() as api:
        kept = api.run(READ)["id"]
        server.disk.fail(fault)
        failed = api.ended(api.submit(READ)["id"])
        assert (failed["status"], failed["error"]["code"], failed["error"]["retryable"]) == ("FAILED", code, True)
        assert str(server.data) not in str(failed)
        assert api.get(f"/v1/queries/{failed['id']}/result").status_code != 200
        assert api.get("/readyz").status_code == 200
        check_whole(server, kept)
        server.disk.heal()
        check_whole(server, api.run(READ)["id"])
        assert not [name for name in results_on_disk(server) if failed["id"] in name]
    server.stop()


def test_a_write_whose_count_cannot_be_stored_is_never_run_again(server):
    with server.api() as api:
        server.disk.fail(("sync", "EIO", RESULTS))
        failed = api.ended(api.submit("INSERT INTO log VALUES (1)")["id"])
        assert failed["status"] == "FAILED" and failed["attempt"] == 1
        server.disk.heal()
    server.restart()
    with server.api() as api:
        assert api.status(failed["id"])["status"] == "FAILED"
        assert api.items(api.run("SELECT count(*) AS n FROM log")["id"]) == [{"n": 1}]
    server.stop()


def test_a_disk_that_takes_little_at_a_time_is_slow_and_nothing_else(server):
    server.disk.fail(("write", "short", RESULTS + "0"), ("write", "short", RESULTS), ("write", "short", JOURNAL))
    with server.api() as api:
        id = api.run("SELECT range AS n, 'row ' || range AS t FROM range(200)")["id"]
        lines = api.result(id, format="csv").text.splitlines()
        assert lines[-1] == "199,row 199"
        api.run("INSERT INTO log VALUES (1)")
    server.restart()
    with server.api() as api:
        assert api.result(id, format="csv").text.splitlines() == lines
    server.stop()
