"""Who may see what. Somebody else's query and no query at all are the same answer, byte for byte."""

import pytest

from harness.keys import KEY, make_key
from harness.server import DidNotStart
from harness.statements import ENDLESS
from harness.waiting import until

NOBODYS = "01938c5e-7a10-7b3c-9a55-0f6e2d1c4b8a"


class Principals:
    """A server with keys for two users and an administrator."""

    def __init__(self, server):
        self.server = server
        self.keys = {name: make_key(server.binary, server.data, name, role)
                     for name, role in (("ann", "user"), ("bob", "user"), ("root", "admin"))}
        server.start()
        self.ann, self.bob, self.root = (server.api(self.keys[name]) for name in ("ann", "bob", "root"))


@pytest.fixture(scope="module")
def principals(tmp_path_factory):
    from conftest import end
    from harness.server import Server
    made = Principals(Server(tmp_path_factory.mktemp("principals"), {"authentication.enabled": True}))
    yield made
    made.root.cancel_everything()
    for client in (made.ann, made.bob, made.root):
        client.close()
    end(made.server)


ROUTES = [
    ("GET", ""), ("GET", "?wait=30s"), ("HEAD", ""), ("DELETE", ""), ("GET", "/events"), ("POST", "/cancel"), ("GET", "/result"),
    ("GET", "/result?format=csv&limit=5"), ("HEAD", "/result"), ("GET", "/result/chunks"), ("GET", "/result/chunks/0"),
    ("GET", "/result/chunks/99"), ("GET", "?wait=soon"), ("GET", "/result?format=xml"),
]


@pytest.mark.parametrize("method, path", ROUTES)
@pytest.mark.parametrize("state", ["ended", "running", "failed"])
def test_not_yours_and_not_there_are_the_same_answer(principals, method, path, state):
    if state == "running":
        query = principals.ann.running(ENDLESS)
    else:
        query = principals.ann.ended(principals.ann.submit("SELECT 1" if state == "ended" else "SELECT nonsense")["id"])
    not_yours = principals.bob.request(method, f"/v1/queries/{query['id']}{path}", headers={"If-None-Match": "*"})
    not_there = principals.bob.request(method, f"/v1/queries/{NOBODYS}{path}", headers={"If-None-Match": "*"})
    assert not_yours.status_code == not_there.status_code and not_yours.status_code in (400, 404)
    assert not_yours.content == not_there.content
    differing = {"date"}
    assert {name: value for name, value in not_yours.headers.items() if name not in differing} == \
        {name: value for name, value in not_there.headers.items() if name not in differing}
    # And nothing has happened to it.
    # (The engine's estimate of its progress may have moved; nothing else.)
    query.pop("progress", None)
    for client in (principals.ann, principals.root):
        now = client.status(query["id"])
        now.pop("progress", None)
        assert now == query
    if state == "running":
        principals.ann.cancel(query["id"])
        principals.ann.ended(query["id"])


def test_batch_status_shows_ones_own_and_the_rest_is_missing(principals):
    mine = principals.bob.run("SELECT 1")["id"]
    hers = principals.ann.running(ENDLESS)
    body = {"queries": [hers["id"], mine, NOBODYS, {"id": hers["id"], "version": hers["version"]}]}
    answer = principals.bob.post("/v1/queries/batch-status", json=body).json()
    assert [query["id"] for query in answer["queries"]] == [mine]
    assert answer["missing"] == [hers["id"], NOBODYS, hers["id"]]
    # Waiting for somebody else's query alone is waiting for nothing.
    only = {"queries": [{"id": hers["id"], "version": hers["version"]}], "wait": "60s"}
    assert principals.bob.post("/v1/queries/batch-status", json=only, timeout=30).json() == {"queries": [], "missing": [hers["id"]]}
    principals.ann.cancel(hers["id"])


def test_the_history_is_ones_own_and_an_administrators_is_everybodys(principals):
    hers, his = principals.ann.run("SELECT 'ann'"), principals.bob.run("SELECT 'bob'")
    shown = lambda client, **parameters: {query["id"] for query in client.history(limit=1000, **parameters)["queries"]}
    assert hers["id"] in shown(principals.ann) and his["id"] not in shown(principals.ann)
    assert his["id"] in shown(principals.bob, principal="ann") or not shown(principals.bob, principal="ann")
    assert hers["id"] not in shown(principals.bob, principal="ann")
    assert {hers["id"], his["id"]} <= shown(principals.root)
    assert his["id"] not in shown(principals.root, principal="ann") and hers["id"] in shown(principals.root, principal="ann")


def test_somebody_elses_page_token_shows_nothing_of_theirs(principals):
    for n in range(3):
        principals.ann.run(f"SELECT {n}")
    token = principals.ann.history(limit=1)["next_page_token"]
    page = principals.bob.get("/v1/queries", params={"limit": 1000, "page_token": token})
    assert page.status_code in (200, 400)
    assert all(query["principal"] == "bob" for query in page.json().get("queries", []))


def test_somebody_elses_idempotency_key_is_another_key(principals):
    fields = {"Idempotency-Key": "shared"}
    hers = principals.ann.submit("SELECT 'ann' AS who", headers=fields)
    his = principals.bob.post("/v1/queries", json={"statement": "SELECT 'bob' AS who"}, headers=fields)
    assert his.status_code == 202 and his.json()["id"] != hers["id"] and "Idempotency-Replayed" not in his.headers
    assert his.json()["principal"] == "bob"


def test_an_administrator_claims_and_cancels_for_everybody(principals):
    hers = principals.ann.run("SELECT 7 AS seven")
    assert principals.root.items(hers["id"]) == [{"seven": 7}]
    running = principals.ann.running(ENDLESS)
    principals.root.cancel(running["id"])
    assert principals.ann.ended(running["id"])["status"] == "CANCELED"


@pytest.mark.parametrize("authorization", [
    None, "", "Bearer", "Bearer x", "Basic YW5uOng=", "bearer coat_aaaaaaaa_" + "A" * 43, "Bearer " + "x" * 5000, "coat",
])
@pytest.mark.parametrize("method, path", [("POST", "/v1/queries"), ("GET", "/v1/queries"), ("GET", f"/v1/queries/{NOBODYS}/result"), ("GET", "/v1/warehouses")])
def test_without_a_valid_key_everything_is_401(principals, method, path, authorization):
    fields = {} if authorization is None else {"Authorization": authorization}
    with principals.server.api() as stranger:
        response = stranger.request(method, path, headers=fields)
    assert response.status_code == 401 and response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_key_is_good_only_to_its_last_letter(principals):
    key = principals.keys["ann"]
    for wrong in (key[:-1], key + "A", key[:-1] + ("A" if key[-1] != "A" else "B"), key.upper(), key[:5] + "bbbbbbbb" + key[13:]):
        with principals.server.api(wrong) as client:
            assert client.get("/v1/queries").status_code == 401
    with principals.server.api() as client:
        assert client.get("/v1/queries", headers={"Authorization": f"bEaReR {key}"}).status_code == 200


def test_probes_and_measures_need_no_key(principals):
    with principals.server.api() as stranger:
        for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
            assert stranger.get(path).status_code == 200


def test_a_key_made_while_the_server_runs_is_good_soon(principals):
    key = make_key(principals.server.binary, principals.server.data, "late")
    with principals.server.api(key) as late:
        until(lambda: late.get("/v1/queries").status_code == 200, "the new key to be read")
        assert late.submit("SELECT 1")["principal"] == "late"


def test_the_log_never_has_a_key(principals):
    with principals.server.api("coat_aaaaaaaa_" + "A" * 43) as stranger:
        stranger.get("/v1/queries")
    principals.ann.run("SELECT 1")
    log = principals.server.log_text()
    assert not KEY.search(log) and all(key not in log for key in principals.keys.values())


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0"])
def test_without_authentication_only_loopback_is_served(start_server, address):
    server = start_server({"server.listen": address, "authentication.enabled": False}, run=False)
    with pytest.raises(DidNotStart) as refused:
        server.start()
    assert refused.value.exit_code != 0 and "authentication" in refused.value.log


def test_with_authentication_any_address_is_served(start_server):
    server = start_server({"server.listen": "0.0.0.0:0", "authentication.enabled": True})
    port = server.url.rsplit(":", 1)[1]
    server.url = f"http://127.0.0.1:{port}"
    with server.api() as stranger:
        assert stranger.get("/v1/queries").status_code == 401 and stranger.get("/healthz").status_code == 200
