"""What operators see: health, measures, warehouses, the contract, the log."""

import json
import os
import signal
import socket

import pytest

from harness.contract import CONTRACT_FILE
from harness.server import DidNotStart
from harness.statements import ENDLESS


def test_health_and_readiness(api):
    assert api.get("/healthz").json() == {"status": "ok"}
    assert api.get("/readyz").json() == {"status": "ready"}
    assert api.head("/healthz").status_code == 200


def test_the_contract_served_is_the_one_in_the_source(api):
    assert api.get("/openapi.json").json() == json.loads(CONTRACT_FILE.read_text())


def test_warehouses_show_how_busy_they_are(api):
    assert api.get("/v1/warehouses").json() == {"warehouses": [
        {"name": "main", "kind": "duckdb", "default": True, "running": 0, "running_max": 2, "queued": 0, "queued_max": 10_000,
         "reachable": True, "status_requests": 0, "last_error": None},
        # Where SQL over results and history runs.
        {"name": "coatcheck", "kind": "scan", "default": False, "running": 0, "running_max": 16, "queued": 0, "queued_max": 10_000,
         "reachable": True, "status_requests": 0, "last_error": None}]}
    for _ in range(2):
        api.running(ENDLESS)
    api.submit(ENDLESS)
    shown = api.get("/v1/warehouses").json()["warehouses"][0]
    assert (shown["running"], shown["queued"]) == (2, 1)


def test_measures_count_what_happens(api):
    names = {"submitted": "coatcheck_queries_submitted_total", "claims": "coatcheck_claims_total",
             "reads": "coatcheck_status_reads_total", "replayed": "coatcheck_queries_replayed_total"}
    before = {name: api.metric(measure, **({"format": "csv"} if name == "claims" else {})) for name, measure in names.items()}
    succeeded = api.metric("coatcheck_queries_ended_total", status="SUCCEEDED")
    query = api.run("SELECT 1", headers={"Idempotency-Key": "measured"})
    api.submit("SELECT 1", expect=200, headers={"Idempotency-Key": "measured"})
    api.result(query["id"], format="csv")
    after = {name: api.metric(measure, **({"format": "csv"} if name == "claims" else {})) for name, measure in names.items()}
    assert after["submitted"] == before["submitted"] + 1
    assert after["claims"] == before["claims"] + 1
    assert after["replayed"] == before["replayed"] + 1
    assert after["reads"] > before["reads"]
    assert api.metric("coatcheck_queries_ended_total", status="SUCCEEDED") == succeeded + 1


@pytest.mark.parametrize("measure", [
    "coatcheck_http_connections_refused_total", "coatcheck_http_bodies_cut_total",
    "coatcheck_http_handler_failures_total", "coatcheck_journal_lost_notes_total"])
def test_what_should_never_happen_is_counted_too(api, measure):
    assert f"\n# TYPE {measure} counter\n{measure} 0\n" in api.get("/metrics").text


def test_a_refused_connection_is_counted(start_server):
    server = start_server({"limits.connections_max": 1})
    with server.api() as first:
        first.get("/healthz")
        with server.api() as second:
            assert second.get("/healthz").status_code == 503
        assert first.metric("coatcheck_http_connections_refused_total") == 1


def test_the_log_is_one_json_object_a_line_and_names_the_query(api, server):
    secret_text = "SELECT 'not to be logged at info'"
    query = api.run(secret_text)
    server.await_log("query_succeeded", query_id=query["id"])
    submitted = server.await_log("query_submitted", query_id=query["id"])
    assert (submitted["level"], submitted["principal"], submitted["warehouse"]) == ("info", "anonymous", "main")
    lines = server.log_text().splitlines()
    assert lines and all(isinstance(json.loads(line), dict) for line in lines)
    assert "not to be logged" not in server.log_text()


def test_a_second_server_on_the_same_data_does_not_start(start_server, server):
    second = start_server({"data.directory": str(server.data)}, run=False)
    with pytest.raises(DidNotStart) as refused:
        second.start()
    assert refused.value.exit_code not in (0, -9)


@pytest.mark.parametrize("settings", [{"server.listen": "not an address"}, {"limits.wait_max": "never"}, {"limits.no_such_setting": 1}])
def test_a_configuration_that_is_wrong_is_refused_by_name(start_server, settings):
    server = start_server(settings, run=False)
    with pytest.raises(DidNotStart) as refused:
        server.start()
    assert refused.value.exit_code == 2 and next(iter(settings)) in refused.value.log


def test_a_hangup_has_the_level_of_the_log_read_again_and_nothing_else(start_server):
    server = start_server({"log.level": "warn"})
    with server.api() as api:
        api.run("SELECT 1")
        assert not server.log_events("query_submitted")

        server.settings["log.level"] = "info"
        server.settings["limits.wait_max"] = "1s"
        server.write_config()
        server.signal(signal.SIGHUP)
        server.await_log("log_level_read_again", log_level="info")
        query = api.submit("SELECT 2")
        server.await_log("query_submitted", query_id=query["id"])
        assert api.get(f"/v1/queries/{query['id']}?wait=2s").status_code == 200, "other settings are as they were"

        server.settings["log.level"] = "loud"
        server.write_config()
        server.signal(signal.SIGHUP)
        assert "log.level" in server.await_log("settings_not_read")["error"]
        query = api.submit("SELECT 3")
        server.await_log("query_submitted", query_id=query["id"])

        server.settings["log.level"] = "error"
        server.write_config()
        server.signal(signal.SIGHUP)
        server.await_log("log_level_read_again", log_level="error")
        quiet = api.run("SELECT 4")
    server.stop()
    assert not [each for each in server.log_events() if each.get("query_id") == quiet["id"]]
    assert not server.log_events("stopping")


def test_a_service_manager_is_told_when_it_serves_and_when_it_stops(start_server, tmp_path, monkeypatch):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.settimeout(60)
    name = str(tmp_path / "notify")
    manager.bind(name)
    monkeypatch.setitem(os.environ, "NOTIFY_SOCKET", name)
    server = start_server()
    assert manager.recv(100) == b"READY=1"
    server.stop()
    assert manager.recv(100) == b"STOPPING=1"
