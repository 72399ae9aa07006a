"""OWASP API Security Top 10 (2023), one section for each risk, over all three doors.

What a route answers about somebody else's query is compared with what it answers about none at all. The routes are read from
openapi.json and from the doors' own tables, so that a route which comes without its check fails here.
"""

import concurrent.futures
import contextlib
import http.server
import json
import re
import socket
import subprocess
import threading
import uuid
from pathlib import Path

import httpx
import pytest

from conftest import end
from harness.contract import contract
from harness.keys import KEY, make_key
from harness.server import DidNotStart, Server
from harness.sql_api import STATEMENTS, SqlApi
from harness.statements import ENDLESS
from harness.waiting import until

SOURCE = Path(__file__).resolve().parents[2] / "src"
NOBODYS = "01938c5e-7a10-7b3c-9a55-0f6e2d1c4b8a"
MANY_ROWS = "SELECT range AS n, hash(range) AS h, 'secret of ann' AS s FROM range(200000)"  # Of which a driver gets addresses.


class Driver(httpx.Client):
    """The protocol of Snowflake's drivers, by hand."""

    def __init__(self, url, name, key):
        super().__init__(base_url=url, timeout=90, headers={"User-Agent": "coatcheck-tests/1.0"})
        body = {"data": {"LOGIN_NAME": name, "PASSWORD": key, "ACCOUNT_NAME": "x", "CLIENT_APP_ID": "PythonConnector"}}
        answer = self.post("/session/v1/login-request", json=body).json()
        assert answer["success"], answer
        self.tokens = answer["data"]
        self.headers["Authorization"] = f'Snowflake Token="{self.tokens["token"]}"'

    def query(self, text, **more):
        return self.post("/queries/v1/query-request", params={"requestId": more.pop("request_id", None) or new_id()},
                         json={"sqlText": text, "asyncExec": False, "sequenceId": 1, **more})


def new_id():
    return str(uuid.uuid4())


class Tenants:
    """A server with two users and an administrator, each at all three doors."""

    def __init__(self, directory, more=""):
        self.server = Server(directory, {"authentication.enabled": True}, {"max_running": 4}, more)
        self.keys = {name: make_key(self.server.binary, self.server.data, name, role)
                     for name, role in (("ann", "user"), ("bob", "user"), ("root", "admin"))}
        self.server.start()
        self.native = {name: self.server.api(key) for name, key in self.keys.items()}
        self.sql = {name: SqlApi(self.server.url, key) for name, key in self.keys.items()}
        self.driver = {name: Driver(self.server.url, name, key) for name, key in self.keys.items()}

    def close(self):
        for door in (self.native, self.sql, self.driver):
            for client in door.values():
                client.close()


@pytest.fixture(scope="module")
def shared_tenants(tmp_path_factory):
    made = Tenants(tmp_path_factory.mktemp("tenants"))
    yield made
    made.close()
    end(made.server)


@pytest.fixture
def tenants(shared_tenants):
    yield shared_tenants
    shared_tenants.native["root"].cancel_everything()


# --- the routes there are -------------------------------------------------------------------------


def routes_in(door):
    """The table of a door's routes, as its source has it: (method, path)."""
    text = (SOURCE / "api" / door / "door.cpp").read_text()
    verbs = {"del": "DELETE"}
    found = re.findall(r'Verb::(\w+),\s*"(/[^"]*)"', text) + re.findall(r'\.verb = Verb::(\w+), \.pattern = "(/[^"]*)"', text)
    return {(verbs.get(verb, verb.upper()), path) for verb, path in found}


def contract_routes():
    return {(method.upper(), path) for path, item in contract()["paths"].items() for method in item
            if method in ("get", "post", "put", "patch", "delete")}


DOORS = ("native", "snowflake_sql_api", "snowflake_driver")
EVERY_ROUTE = {(door, *route) for door in DOORS for route in routes_in(door)}

# --- API1: broken object level authorization ------------------------------------------------------

# How each route is asked about an id: path, its values, its body. The path is the route's with {id} and the like put in.
ABOUT = {
    ("native", "GET", "/v1/queries/{id}"): [{}, {"params": {"wait": "30s"}}, {"headers": {"If-None-Match": "*"}}],
    ("native", "DELETE", "/v1/queries/{id}"): [{}],
    ("native", "GET", "/v1/queries/{id}/events"): [{}, {"headers": {"Last-Event-ID": "1"}}],
    ("native", "POST", "/v1/queries/{id}/cancel"): [{}],
    ("native", "GET", "/v1/queries/{id}/result"): [{"params": {"format": name}} for name in ("json", "csv", "arrow", "parquet")],
    ("native", "GET", "/v1/queries/{id}/result/chunks"): [{}],
    ("native", "GET", "/v1/queries/{id}/result/chunks/{n}"): [{"n": "0"}, {"n": "99"}],
    ("native", "POST", "/v1/queries/batch-status"): [
        {"json": {"queries": ["{id}"]}}, {"json": {"queries": [{"id": "{id}", "version": 1}], "wait": "30s"}}],
    ("native", "GET", "/v1/queries"): [{"params": {"page_token": "{id}"}}],
    ("native", "POST", "/v1/queries"): [
        {"sql": "SELECT * FROM table(RESULT_SCAN('{id}'))"},
        {"sql": "SELECT * FROM table(information_schema.query_history()) WHERE query_id = '{id}'"}],
    ("snowflake_sql_api", "GET", "/api/v2/statements/{handle}"): [{}, {"params": {"partition": "1"}}],
    ("snowflake_sql_api", "POST", "/api/v2/statements/{handle}/cancel"): [{}],
    ("snowflake_sql_api", "POST", "/api/v2/statements"): [{"sql": "SELECT * FROM table(RESULT_SCAN('{id}'))"}],
    ("snowflake_driver", "GET", "/queries/{id}/result"): [{}],
    ("snowflake_driver", "POST", "/queries/{id}/abort-request"): [{"json": {}}],
    ("snowflake_driver", "GET", "/monitoring/queries/{id}"): [{}],
    ("snowflake_driver", "GET", "/monitoring/queries//{id}"): [{}],
    ("snowflake_driver", "GET", "/queries/{id}/chunks/{rows}"): [{"rows": "0-1000"}, {"rows": "0-1000", "params": {"signature": "x"}}],
    ("snowflake_driver", "POST", "/queries/v1/abort-request"): [{"json": {"requestId": "{request}"}}],
    ("snowflake_driver", "POST", "/queries/v1/query-request"): [
        {"sql": "SELECT * FROM table(RESULT_SCAN('{id}'))"},
        {"sql": "SELECT * FROM table(information_schema.query_history()) WHERE query_id = '{id}'"},
        {"sql": "SELECT SYSTEM$CANCEL_QUERY('{id}')"}],
}
# Those that take no id of anything that somebody has.
ABOUT_NOTHING = {
    ("native", "GET", "/v1/warehouses"), ("native", "GET", "/healthz"), ("native", "GET", "/readyz"), ("native", "GET", "/metrics"),
    ("native", "GET", "/openapi.json"), ("snowflake_driver", "POST", "/session/heartbeat"), ("snowflake_driver", "POST", "/session"),
    ("snowflake_driver", "POST", "/session/v1/login-request"), ("snowflake_driver", "POST", "/session/token-request"),
    ("snowflake_driver", "POST", "/telemetry/send"),
}


def test_api1_every_route_has_its_check():
    assert EVERY_ROUTE == ABOUT.keys() | ABOUT_NOTHING
    assert {route[1:] for route in EVERY_ROUTE if route[0] == "native"} == contract_routes()
    assert not [route for route in ABOUT_NOTHING if "{" in route[2]]


def put_in(value, values):
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), value)
    if isinstance(value, dict):
        return {name: put_in(each, values) for name, each in value.items()}
    if isinstance(value, list):
        return [put_in(each, values) for each in value]
    return value


def without_what_differs(text, *ids):
    """The text without the ids asked about, those of this very request, and times."""
    for id in ids:
        text = text.replace(id, "ASKED")
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME", text)
    return re.sub(r"\b1[78]\d{11,14}\b", "TIME", text)


def answer_about(tenants, who, route, asked, id, request):
    """What `who` is told about an id on this route: all of it that could differ."""
    door, method, pattern = route
    asked = put_in(asked, {"id": id, "request": request})
    client = {"native": tenants.native, "snowflake_sql_api": tenants.sql, "snowflake_driver": tenants.driver}[door][who]
    if "sql" in asked:
        if door == "native":
            query = client.ended(client.submit(asked["sql"])["id"])
            told = {name: query.get(name) for name in ("status", "error", "kind")}
            told["rows"] = client.items(query["id"]) if query["status"] == "SUCCEEDED" else None
            return without_what_differs(json.dumps(told), id)
        answer = client.submit(asked["sql"]) if door == "snowflake_sql_api" else client.query(asked["sql"])
    else:
        path = put_in(pattern, {"id": id, "handle": id, **{name: asked.pop(name) for name in ("n", "rows") if name in asked}})
        answer = client.request(method, path, **asked)
    fields = {name: value for name, value in answer.headers.items() if name not in ("date", "content-length")}
    return answer.status_code, without_what_differs(json.dumps(fields), id, request), without_what_differs(answer.text, id, request)


@pytest.fixture(scope="module")
def hers(shared_tenants):
    """Ann's queries, one that has ended and one that runs, each with the name that a driver gave its request."""
    requests = {state: new_id() for state in ("ended", "running")}
    ann = shared_tenants.driver["ann"]
    done = ann.query(MANY_ROWS, request_id=requests["ended"]).json()
    assert done["success"], done
    runs = ann.query(ENDLESS, request_id=requests["running"], asyncExec=True).json()
    ids = {"ended": done["data"]["queryId"], "running": runs["data"]["queryId"]}
    shared_tenants.native["ann"].await_status(ids["running"], "RUNNING")
    yield {state: (ids[state], requests[state]) for state in ids}
    shared_tenants.native["ann"].cancel(ids["running"])


@pytest.mark.parametrize("state", ["ended", "running"])
@pytest.mark.parametrize("route", sorted(ABOUT), ids=lambda route: " ".join(route))
def test_api1_somebody_elses_object_is_as_one_that_is_not_there(shared_tenants, hers, route, state):
    id, request = hers[state]
    before = shared_tenants.native["ann"].status(id)
    for asked in ABOUT[route]:
        if "{request}" in json.dumps(asked):
            nothing = answer_about(shared_tenants, "bob", route, dict(asked), NOBODYS, new_id())
        else:
            nothing = answer_about(shared_tenants, "bob", route, dict(asked), NOBODYS, request)
        assert answer_about(shared_tenants, "bob", route, dict(asked), id, request) == nothing, asked
        assert "secret of ann" not in str(nothing)
    after = shared_tenants.native["ann"].status(id)
    for shown in (before, after):
        shown.pop("progress", None)
    assert after == before


# A check that never says anything would pass as well: Ann is told of her own on the same routes.
@pytest.mark.parametrize("route", [route for route in sorted(ABOUT) if route[2] not in (
    "/v1/queries", "/queries/{id}/chunks/{rows}", "/v1/queries/{id}", "/v1/queries/{id}/cancel")], ids=lambda route: " ".join(route))
def test_api1_the_owner_is_answered_otherwise(tenants, route):
    request = new_id()
    is_stopped = "abort" in route[2] or "cancel" in route[2]
    begun = tenants.driver["ann"].query(ENDLESS if is_stopped else "SELECT 1 AS one", request_id=request, asyncExec=is_stopped)
    id = begun.json()["data"]["queryId"]
    asked = ABOUT[route][0]
    assert answer_about(tenants, "ann", route, dict(asked), id, request) != \
        answer_about(tenants, "ann", route, dict(asked), NOBODYS, new_id())


def test_api1_a_signed_address_is_for_what_was_signed(tenants, hers):
    answer = tenants.driver["ann"].get(f"/queries/{hers['ended'][0]}/result").json()
    chunks = answer["data"]["chunks"]
    assert len(chunks) > 1
    address = chunks[0]["url"]
    assert httpx.get(address).status_code == 200
    id, rows = re.search(r"/queries/([^/]+)/chunks/([^?]+)", address).groups()
    other = tenants.native["ann"].run(MANY_ROWS)["id"]
    first, count = rows.split("-")[:2]
    for wrong in (address.replace(id, other), address.replace(f"/{rows}", f"/{first}-{int(count) + 1}"), address.partition("?")[0],
                  re.sub(r"=(\w)", lambda found: "=" + ("A" if found[1] != "A" else "B"), address)):
        refused = httpx.get(wrong)
        assert refused.status_code in (403, 404) and "secret" not in refused.text, wrong


# --- API2: broken authentication ------------------------------------------------------------------

OPEN = {("native", "GET", path) for path in ("/healthz", "/readyz", "/metrics", "/openapi.json")} | {
    ("snowflake_driver", "POST", "/session/v1/login-request"), ("snowflake_driver", "POST", "/telemetry/send")}
WRONG_KEY = "coat_aaaaaaaa_" + "A" * 43


@pytest.mark.parametrize("route", sorted(EVERY_ROUTE - OPEN), ids=lambda route: " ".join(route))
def test_api2_nothing_is_told_without_a_valid_key(tenants, hers, route):
    door, method, pattern = route
    path = put_in(pattern, {"id": hers["ended"][0], "handle": hers["ended"][0], "n": "0", "rows": "0-10"})
    tokens = tenants.driver["ann"].tokens
    wrong = [None, "", "Bearer", f"Bearer {WRONG_KEY}", f"Basic {tenants.keys['ann']}", "Bearer null", f'Snowflake Token="{WRONG_KEY}"',
             'Snowflake Token="None"', tenants.keys["ann"], f"Bearer {tenants.keys['ann'][:-1]}", f"Bearer {tokens['token']}"]
    if path != "/session/token-request":
        wrong.append(f'Snowflake Token="{tokens["masterToken"]}"')  # Good for new tokens alone.
    else:
        wrong.append(f'Snowflake Token="{tokens["token"]}"')
    with httpx.Client(base_url=tenants.server.url) as stranger:
        for authorization in wrong:
            fields = {} if authorization is None else {"Authorization": authorization}
            answer = stranger.request(method, path, headers=fields, json={"sqlText": "SELECT 1", "statement": "SELECT 1"} if method == "POST" else None)
            if door == "snowflake_driver" and "chunks" not in path:
                assert answer.status_code in (200, 401) and answer.json()["success"] is False, authorization
                assert answer.json()["code"].startswith("3901") and not answer.json().get("data"), answer.text
            else:
                assert answer.status_code == (403 if "chunks" in path and door == "snowflake_driver" else 401), authorization
            assert "secret of ann" not in answer.text and hers["ended"][0] not in answer.text


def test_api2_a_revoked_key_is_good_no_longer_at_any_door(tenants):
    key = make_key(tenants.server.binary, tenants.server.data, "carl")
    with tenants.server.api(key) as carl:
        until(lambda: carl.get("/v1/queries").status_code == 200, "the new key to be read")
    subprocess.run([str(tenants.server.binary), "key", "revoke", key.split("_")[1], "--data", str(tenants.server.data)], check=True,
                   capture_output=True, timeout=60)
    with httpx.Client(base_url=tenants.server.url, headers={"Authorization": f"Bearer {key}"}) as carl:
        until(lambda: carl.get("/v1/queries").status_code == 401, "the key to be forgotten")
        assert carl.get(f"{STATEMENTS}/{NOBODYS}").status_code == 401
    with pytest.raises(AssertionError, match="390100"):
        Driver(tenants.server.url, "carl", key)


def test_api2_guessing_is_slowed_down_and_tells_nothing(tmp_path):
    # Decision 0018: the bucket of a name runs out, and then even the right password is not looked at.
    mine = Tenants(tmp_path)
    try:
        def login(name, password):
            return httpx.post(f"{mine.server.url}/session/v1/login-request", json={"data": {"LOGIN_NAME": name, "PASSWORD": password}}).json()
        answers = {json.dumps({**login(name, WRONG_KEY), "data": None}, sort_keys=True).replace(name, "NAME")
                   for name in ("ann", "nobody") for _ in range(60)}
        assert len(answers) == 1, "a name that is there is refused with the same words as one that is not"
        assert login("ann", mine.keys["ann"])["success"] is False
    finally:
        mine.close()
        end(mine.server)


# --- API3: broken object property level authorization ---------------------------------------------


@pytest.mark.parametrize("member", ["id", "principal", "role", "status", "state", "version", "attempt", "created_at", "submitted_at", "result",
                                    "result_url", "error", "session", "fingerprint", "idempotency_key", "form", "kind", "handle", "__proto__"])
def test_api3_what_is_the_servers_to_say_is_not_taken_from_a_client(tenants, member):
    answer = tenants.native["bob"].post("/v1/queries", json={"statement": "SELECT 1", member: "ann"})
    assert answer.status_code == 400 and answer.json()["field"] == member


def test_api3_a_driver_or_a_client_of_the_sql_api_becomes_nobody_else_by_saying_so(tenants):
    bob = tenants.driver["bob"]
    for asked in ({"principal": "ann", "user": "ann", "queryContextDTO": {"entries": [{"id": 0}]}, "isInternal": True},
                  {"parameters": {"USER": "ann", "ROLE": "ACCOUNTADMIN"}}):
        answer = bob.query("SELECT current_user()", **asked).json()
        assert "ANN" not in json.dumps(answer).upper().replace("SCANN", ""), answer
    assert bob.query("USE ROLE ACCOUNTADMIN").json()["success"] in (True, False)
    hers = tenants.native["ann"].run("SELECT 1")["id"]
    assert bob.get(f"/queries/{hers}/result").json()["success"] is False
    # Those of the body that are not known are passed over, as Snowflake does.
    answer = tenants.sql["bob"].submit("SELECT 1", role="ACCOUNTADMIN", principal="ann")
    id = answer.json()["statementHandle"]
    assert tenants.native["bob"].status(id)["principal"] == "bob"


def test_api3_answers_show_what_the_contract_has_and_no_secret(tenants):
    key = "a name of my own"
    id = tenants.native["bob"].submit("SELECT ? AS x", parameters=["hidden value"], headers={"Idempotency-Key": key})["id"]
    tenants.native["bob"].ended(id)
    texts = [tenants.native["bob"].get(f"/v1/queries/{id}").text, tenants.native["bob"].get("/v1/queries").text,
             tenants.native["bob"].get("/v1/warehouses").text, tenants.sql["bob"].look(id).text.replace("hidden value", ""),
             tenants.driver["bob"].get(f"/monitoring/queries/{id}").text, httpx.get(f"{tenants.server.url}/metrics").text,
             tenants.native["bob"].get(f"/v1/queries/{NOBODYS}").text]
    for text in texts:
        assert not KEY.search(text) and key not in text and "hidden value" not in text and str(tenants.server.data) not in text
        assert "fingerprint" not in text and "secret of ann" not in text


# --- API4: unrestricted resource consumption ------------------------------------------------------


@pytest.mark.parametrize("method, path, asked, statuses", [
    ("POST", "/v1/queries", {"content": b"{" + b" " * (3 << 20), "headers": {"Content-Type": "application/json"}}, {413}),
    ("POST", "/v1/queries", {"json": {"statement": "SELECT '" + "x" * (1 << 20) + "'"}}, {400}),
    ("POST", "/v1/queries", {"json": {"statement": "SELECT 1", "parameters": [1] * 10001}}, {400}),
    ("POST", "/v1/queries", {"json": {"statement": "SELECT 1", "query_tag": "x" * 257}}, {400}),
    ("POST", "/v1/queries", {"json": {"statement": "SELECT 1", "wait": "61s"}}, {400}),
    ("POST", "/v1/queries", {"json": {"statement": "SELECT 1", "timeout": "25h"}}, {400}),
    ("POST", "/v1/queries", {"json": {"statement": "SELECT 1", "result_ttl": "31d"}}, {400}),
    ("POST", "/v1/queries", {"json": {"statement": "SELECT 1"}, "headers": {"Idempotency-Key": "x" * 256}}, {400}),
    ("POST", "/v1/queries", {"content": b"[" * 100_000, "headers": {"Content-Type": "application/json"}}, {400}),
    ("POST", "/v1/queries/batch-status", {"json": {"queries": [NOBODYS] * 1001}}, {400}),
    ("POST", "/v1/queries/batch-status", {"json": {"queries": [NOBODYS], "wait": "1h"}}, {400}),
    ("GET", "/v1/queries", {"params": {"limit": 1001}}, {400}),
    ("GET", f"/v1/queries/{NOBODYS}", {"params": {"wait": "1h"}}, {400}),
    ("GET", f"/v1/queries/{NOBODYS}/result", {"params": {"limit": 100001}}, {400}),
    ("GET", "/v1/queries", {"headers": {"X-Long": "x" * (33 << 10)}}, {431}),
    ("GET", "/v1/queries?x=" + "x" * (33 << 10), {}, {414, 431}),
    ("GET", "/v1/warehouses", {"content": b"x" * 100_000}, {413}),
])
def test_api4_no_request_is_larger_than_it_may_be(tenants, method, path, asked, statuses):
    with httpx.Client(base_url=tenants.server.url, headers={"Authorization": f"Bearer {tenants.keys['bob']}"}) as bob:
        answer = bob.request(method, path, **asked)
    assert answer.status_code in statuses, answer.text[:300]
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_api4_what_one_principal_holds_can_be_limited(tmp_path):
    # Each limit has its own tests in test_limits.py and test_fairness.py.
    more = '[[principal]]\nname = "bob"\nmax_running = 1\nmax_queued = 1\nmax_waiting = 1\nmax_claims = 1\nmax_stored = "1MiB"\n'
    mine = Tenants(tmp_path, more)
    try:
        bob, ann = mine.native["bob"], mine.native["ann"]
        query = bob.running(ENDLESS)
        assert [bob.post("/v1/queries", json={"statement": ENDLESS}).status_code for _ in range(3)] == [202, 429, 429]
        with bob.stream("GET", f"/v1/queries/{query['id']}/events"):
            assert bob.get(f"/v1/queries/{query['id']}", params={"wait": "30s"}).status_code == 429
        assert ann.run("SELECT 1")["status"] == "SUCCEEDED"
        bob.cancel_everything()
    finally:
        mine.close()
        end(mine.server)


# --- API5: broken function level authorization ----------------------------------------------------


def test_api5_what_an_administrator_may_a_user_may_not(tenants):
    mine, hers = tenants.native["bob"].run("SELECT 'bob'"), tenants.native["ann"].run("SELECT 'ann'")
    running = tenants.native["ann"].running(ENDLESS)
    for parameters in ({}, {"principal": "ann"}, {"principal": ""}, {"principal": "*"}):
        answer = tenants.native["bob"].get("/v1/queries", params={"limit": 1000, **parameters})
        shown = answer.json().get("queries", [])
        assert answer.status_code in (200, 400) and {query["principal"] for query in shown} <= {"bob"}
    for fields in ({"X-Role": "admin"}, {"X-Forwarded-User": "ann"}, {"X-HTTP-Method-Override": "DELETE"}, {"X-Original-URL": "/v1/queries"}):
        assert tenants.native["bob"].get(f"/v1/queries/{hers['id']}", headers=fields).status_code == 404
        assert tenants.native["bob"].get(f"/v1/queries/{mine['id']}", headers=fields).status_code == 200
    for method, path in (("POST", "/cancel"), ("DELETE", "")):
        assert tenants.native["bob"].request(method, f"/v1/queries/{running['id']}{path}").status_code == 404
    assert tenants.native["ann"].status(running["id"])["status"] == "RUNNING"
    # The same, by who may.
    assert {query["principal"] for query in tenants.native["root"].history(limit=1000)["queries"]} >= {"ann", "bob"}
    tenants.native["root"].cancel(running["id"])
    assert tenants.native["ann"].ended(running["id"])["status"] == "CANCELED"


@pytest.mark.parametrize("path", ["/v1/keys", "/v1/principals", "/v1/config", "/v1/settings", "/v1/journal", "/v1/backup", "/v1/shutdown", "/v1/log"])
def test_api5_there_is_no_way_over_http_to_what_is_done_on_the_machine(tenants, path):
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert tenants.native["root"].request(method, path).status_code == 404


@pytest.mark.parametrize("route", sorted({route[2] for route in EVERY_ROUTE}))
def test_api5_a_route_has_its_methods_and_no_others(tenants, route):
    allowed = {method for _, method, path in EVERY_ROUTE if path == route}
    path = put_in(route, {"id": NOBODYS, "handle": NOBODYS, "n": "0", "rows": "0-1"})
    with httpx.Client(base_url=tenants.server.url, headers={"Authorization": f"Bearer {tenants.keys['root']}"}) as client:
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
            answer = client.request(method, path)
            assert answer.status_code == 405 and set(answer.headers["Allow"].split(", ")) >= allowed, (method, path, answer.status_code)


# --- API6: unrestricted access to sensitive business flows ----------------------------------------


def test_api6_a_submission_that_is_repeated_runs_once_however_often_and_by_whichever_door(tenants):
    def submit(n):
        with tenants.server.api(tenants.keys["bob"]) as bob:
            return bob.post("/v1/queries", json={"statement": "SELECT 'once'"}, headers={"Idempotency-Key": "again and again"})
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(submit, range(48)))
    assert {answer.status_code for answer in answers} <= {200, 202} and len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    shown = [query for query in tenants.native["bob"].history(limit=1000)["queries"] if query["statement"] == "SELECT 'once'"]
    assert len(shown) == 1
    request = new_id()
    ids = {tenants.driver["bob"].query("SELECT 'driver'", request_id=request).json()["data"]["queryId"] for _ in range(5)}
    assert len(ids) == 1
    request = new_id()
    handles = {tenants.sql["bob"].submit("SELECT 'api'", {"requestId": request, "retry": "true"}).json()["statementHandle"] for _ in range(5)}
    assert len(handles) == 1


# --- API7: server side request forgery ------------------------------------------------------------


@contextlib.contextmanager
def listener():
    """An address that must not be visited; yields it and who came."""
    came = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    over = threading.Event()

    def listen():
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                peer = server.accept()[0]
                with peer:
                    peer.settimeout(1)
                    came.append(peer.recv(1000))
    thread = threading.Thread(target=listen)
    thread.start()
    yield f"127.0.0.1:{server.getsockname()[1]}", came
    over.set()
    thread.join()
    server.close()


VISITS = [
    "SELECT * FROM read_csv('http://@/x.csv')", "SELECT * FROM read_csv_auto('https://@/x.csv')", "SELECT * FROM read_parquet('http://@/x.parquet')",
    "SELECT * FROM read_json('http://@/x.json')", "SELECT * FROM read_text('http://@/x')", "SELECT * FROM read_blob('http://@/x')",
    "FROM 'http://@/x.csv'", "FROM 'https://@/x.parquet'", "FROM 's3://bucket/x.parquet'", "FROM 'hf://datasets/x/y.csv'", "FROM 'gcs://x/y.csv'",
    "SELECT * FROM glob('http://@/*')", "SELECT * FROM sniff_csv('http://@/x.csv')", "SELECT * FROM parquet_metadata('http://@/x.parquet')",
    "ATTACH 'http://@/x.duckdb' AS other", "ATTACH 'ducklake:http://@/x' AS lake", "ATTACH 'host=127.0.0.1 port=1' AS pg (TYPE postgres)",
    "COPY (SELECT 1) TO 'http://@/x.csv'", "CREATE TABLE t AS FROM 'http://@/x.csv'", "INSTALL httpfs", "INSTALL x FROM 'http://@'", "LOAD httpfs",
    "SET custom_extension_repository = 'http://@'", "SET http_proxy = '@'", "SET s3_endpoint = '@'", "CREATE SECRET s (TYPE s3, ENDPOINT '@')",
    "EXPORT DATABASE 'http://@/'", "IMPORT DATABASE 'http://@/'", "CALL start_ui()", "FROM query('FROM ''http://@/x.csv''')",
    "FROM query_table('http://@/x.csv')", "PREPARE p AS FROM 'http://@/x.csv'", "PUT file:///etc/passwd @~", "COPY INTO 'http://@/' FROM t",
    "CREATE STAGE s URL = 'http://@/'", "DESCRIBE 'http://@/x.csv'", "SUMMARIZE 'http://@/x.csv'", "EXPLAIN ANALYZE FROM 'http://@/x.csv'",
]


def test_api7_no_address_in_anything_sent_is_ever_visited(tenants):
    with listener() as (address, came):
        ids = {text: tenants.native["bob"].submit(text.replace("@/", f"{address}/").replace("'@'", f"'{address}'")
                                                  .replace("http://@", f"http://{address}"))["id"] for text in VISITS}
        ended = {text: tenants.native["bob"].ended(id) for text, id in ids.items()}
        assert [text for text, query in ended.items() if query["status"] != "FAILED"] == []
        for text in VISITS[:8]:
            told = tenants.sql["bob"].submit(text.replace("@/", f"{address}/"))
            assert told.status_code == 422
            assert tenants.driver["bob"].query(text.replace("@/", f"{address}/")).json()["success"] is False
        for member in ("callback_url", "webhook", "notify", "url", "result_url", "destination"):
            assert tenants.native["bob"].post("/v1/queries", json={"statement": "SELECT 1", member: f"http://{address}/"}).status_code == 400
        for field in ("X-Forwarded-Host", "Forwarded", "Referer", "Origin", "X-Original-URL", "Link", "Host"):
            tenants.native["bob"].get("/v1/queries", headers={field: address})
        with httpx.Client(base_url=tenants.server.url) as bare:
            assert bare.get(f"http://{tenants.server.url.removeprefix('http://')}/healthz").status_code == 200
        assert came == []
        # It does listen.
        with socket.create_connection(("127.0.0.1", int(address.split(":")[1]))) as self_visit:
            self_visit.sendall(b"x")
            until(lambda: came, "the listener to be visited")


def test_api7_a_proxy_is_not_what_it_is_used_as(tenants):
    with listener() as (address, came):
        host, port = tenants.server.url.removeprefix("http://").split(":")
        for line in (f"GET http://{address}/ HTTP/1.1", f"CONNECT {address} HTTP/1.1", "GET //" + address + "/ HTTP/1.1"):
            with socket.create_connection((host, int(port))) as wire:
                wire.sendall(f"{line}\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
                answer = b"".join(iter(lambda: wire.recv(65536), b""))
                assert answer.split(b" ")[1][:1] == b"4" or answer.split(b" ")[1][:3] in (b"501", b"505"), answer[:200]
        assert came == []


# --- API8: security misconfiguration --------------------------------------------------------------


def test_api8_answers_are_not_kept_nor_guessed_at_nor_given_to_pages_of_others(tenants):
    id = tenants.native["bob"].run("SELECT '<script>alert(1)</script>' AS x")["id"]
    for path in ("/v1/queries", f"/v1/queries/{id}", f"/v1/queries/{id}/result", f"/v1/queries/{id}/result?format=csv", "/v1/warehouses", "/nothing",
                 f"/api/v2/statements/{id}"):
        answer = httpx.get(tenants.server.url + path, headers={"Authorization": f"Bearer {tenants.keys['bob']}", "Origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert "html" not in answer.headers["Content-Type"]
        assert not {"server", "x-powered-by", "via", "set-cookie"} & {name.lower() for name in answer.headers}
        if answer.status_code == 200:
            assert "no-store" in answer.headers["Cache-Control"] or "private" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "DEBUG", "TRACK", "X" * 20])
def test_api8_methods_that_are_not_meant_are_refused_and_echo_nothing(tenants, method):
    host, port = tenants.server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as wire:
        wire.sendall(f"{method} /v1/queries HTTP/1.1\r\nHost: x\r\nX-Echo: mirror\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    assert answer.split(b" ")[1] in (b"400", b"405", b"501") and b"mirror" not in answer


def test_api8_what_goes_wrong_is_told_without_what_is_inside(tenants):
    told = []
    for path in ("/v1/queries/x", "/v1/queries/%00", "/v1/queries/..%2f..%2fetc%2fpasswd/result", "/v1/queries?limit=x", "/v1/../etc/passwd", "/%ff", "//", "/.env"):
        told.append(httpx.get(tenants.server.url + path, headers={"Authorization": f"Bearer {tenants.keys['bob']}"}).text)
    for text in ("SELECT nonsense", "SELECT", "FROM no_such_table", "SELECT 1/0::INTEGER || repeat('x', -1)", "SELECT error('x')",
                 "SELECT * FROM read_csv('/etc/passwd')"):
        told.append(json.dumps(tenants.native["bob"].ended(tenants.native["bob"].submit(text)["id"]).get("error", {})))
    for text in told:
        assert not re.search(r"\.cpp|\.hpp|0x[0-9a-f]{6,}|Traceback|stack trace|root:x|terminate called|/usr/|src/", text, re.I), text
        assert str(tenants.server.data) not in text and str(tenants.server.directory) not in text


def test_api8_nobody_comes_in_from_outside_without_a_key(start_server):
    with pytest.raises(DidNotStart):
        start_server({"server.listen": "0.0.0.0:0", "authentication.enabled": False}, run=False).start()


# --- API9: improper inventory management ----------------------------------------------------------


def test_api9_every_route_served_is_in_a_doors_table_and_every_native_one_in_the_contract(tenants):
    assert routes_in("native") == contract_routes()
    # Nobody else adds routes.
    adding = {str(file.relative_to(SOURCE)) for file in SOURCE.rglob("*.cpp") if "router.add(" in file.read_text() and not file.name.endswith("_test.cpp")}
    assert adding == {f"api/{door}/door.cpp" for door in DOORS}
    # And the server has them all.
    for door, method, path in EVERY_ROUTE:
        answer = httpx.options(tenants.server.url + put_in(path, {"id": NOBODYS, "handle": NOBODYS, "n": "0", "rows": "0-1"}))
        assert method in answer.headers.get("Allow", ""), (method, path, answer.status_code)
    served = httpx.get(f"{tenants.server.url}/openapi.json").json()
    assert served["paths"].keys() == contract()["paths"].keys()


@pytest.mark.parametrize("path", [
    "/", "/v0/queries", "/v2/queries", "/V1/queries", "/v1", "/v1/", "/v1/queries/", "/api", "/api/v1/statements", "/api/v2", "/api/v3/statements",
    "/admin", "/debug", "/debug/pprof", "/internal", "/actuator", "/actuator/health", "/swagger", "/swagger.json", "/docs", "/console", "/graphql",
    "/.env", "/.git/config", "/server-status", "/metrics/", "/status", "/robots.txt", "/favicon.ico", "/session/v1/login", "/queries", "/test"])
def test_api9_no_other_path_is_served(tenants, path):
    for method in ("GET", "POST"):
        assert httpx.request(method, tenants.server.url + path, headers={"Authorization": f"Bearer {tenants.keys['root']}"}).status_code == 404


# --- API10: unsafe consumption of APIs ------------------------------------------------------------

# What the connectors make of answers that are broken, slow, endless or lies is tried with fakes in src/warehouse/upstream,
# src/warehouse/trino and src/warehouse/snowflake (…_test.cpp). Here: a whole server before an upstream that means harm.


class Hostile(http.server.BaseHTTPRequestHandler):
    """A Trino that answers every statement with what the statement names."""

    protocol_version = "HTTP/1.1"
    elsewhere = ""

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        name = re.search(r"behaviour_(\w+)", text)
        getattr(self, name[1] if name else "junk")()

    def do_GET(self):
        self.junk()

    def do_DELETE(self):
        self.send_response(204)
        self.end_headers()

    def answer(self, body, status=200, **fields):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        with contextlib.suppress(OSError):
            self.send_response(status)
            for field, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **fields}.items():
                self.send_header(field.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

    def junk(self):
        self.answer(b"\x00\xff<html>not what was agreed</html>")

    def nested(self):
        self.answer(b'{"id":"x","data":' + b"[" * 1_000_000)

    def elsewhere_next(self):
        self.answer({"id": "x", "nextUri": f"http://{self.elsewhere}/v1/statement/x/1", "stats": {"state": "RUNNING"}})

    def redirect(self):
        self.answer(b"", 307, Location=f"http://{self.elsewhere}/v1/statement")

    def file_next(self):
        self.answer({"id": "x", "nextUri": "file:///etc/passwd", "stats": {"state": "RUNNING"}})

    def endless(self):
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b'{"id":"x","data":[[')
            for _ in range(4096):  # 256 MiB, if somebody takes them.
                self.wfile.write(b"1," * 32768)
        self.close_connection = True

    def injected(self):
        self.answer({"id": "x\r\nX-Injected: 1", "error": {"message": "<script>\r\nSet-Cookie: x=1\u0000", "errorCode": 1,
                                                          "errorName": "A\r\nB", "errorType": "USER_ERROR"}, "stats": {"state": "FAILED"}})

    def wrong_rows(self):
        self.answer({"id": "x", "columns": [{"name": "a", "type": "bigint", "typeSignature": {"rawType": "bigint", "arguments": []}}],
                     "data": [["not a number"], [1, 2, 3], {}, None], "stats": {"state": "FINISHED"}})

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def before_a_hostile_upstream(tmp_path_factory):
    with listener() as (address, came):
        Hostile.elsewhere = address
        fake = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
        fake.daemon_threads = True
        thread = threading.Thread(target=fake.serve_forever)
        thread.start()
        more = f'''
[[warehouse]]
name = "hostile"
kind = "trino"
url = "http://127.0.0.1:{fake.server_port}"
user = "x"
retry_for = "1s"
request_timeout = "20s"
page_bytes_max = "1MiB"
'''
        server = Server(tmp_path_factory.mktemp("hostile"), more=more).start()
        yield server, came
        end(server)
        fake.shutdown()
        thread.join()
        fake.server_close()


@pytest.mark.parametrize("behaviour", ["junk", "nested", "elsewhere_next", "redirect", "file_next", "endless", "injected", "wrong_rows"])
def test_api10_an_upstream_that_means_harm_fails_its_own_query_and_no_more(before_a_hostile_upstream, behaviour):
    server, came = before_a_hostile_upstream
    with server.api() as api:
        query = api.ended(api.submit(f"SELECT behaviour_{behaviour}", warehouse="hostile", timeout="30s")["id"])
        assert query["status"] == "FAILED" and query["error"]["message"], query
        assert "root:" not in json.dumps(query)
        answer = api.get(f"/v1/queries/{query['id']}/result")
        assert answer.status_code in (422, 502) and not {"x-injected", "set-cookie"} & {name.lower() for name in answer.headers}
        assert came == [], "where an upstream points to is not visited"
        assert api.run("SELECT 1 AS one", warehouse="main")["status"] == "SUCCEEDED"
        # Of what was sent no more was taken than may be.
        resident = int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())[1])
        assert resident < 1_500_000
