"""Requests that are not understood: the right status, and a problem that names the part at fault."""

import json
import socket

import pytest

SOME_ID = "01938c5e-7a10-7b3c-9a55-0f6e2d1c4b8a"
JSON = {"Content-Type": "application/json"}


def check_problem(response, status, field=None):
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status and problem["title"]
    assert problem.get("field") == field, problem
    return problem


# --- the body of a submit -----------------------------------------------------------------------------------------

BODIES = [
    # The text of a body, and the field at fault.
    ('', None),
    ('{', None),
    ('[]', None),
    ('"SELECT 1"', None),
    ('null', None),
    ('{"statement": "SELECT 1"} x', None),
    ('{"statement": "SELECT 1",}', None),
    ("{'statement': 'SELECT 1'}", None),
    ('{"statement": "SELECT \\ud800"}', None),
    ('{"statement": NaN}', None),
    ('{}', "statement"),
    ('{"statement": null}', "statement"),
    ('{"statement": 1}', "statement"),
    ('{"statement": ["SELECT 1"]}', "statement"),
    ('{"statement": ""}', "statement"),
    ('{"statement": " ;\\n\\t; "}', "statement"),
    ('{"statement": "SELECT \\u0000"}', "statement"),
    ('{"statement": "SELECT 1", "statemnt": 1}', "statemnt"),
    ('{"statement": "SELECT 1", "statement": "SELECT 2"}', "statement"),
    ('{"statement": "SELECT 1", "\\u0073tatement": "SELECT 2"}', "statement"),
    ('{"statement": "SELECT ?", "parameters": [{"value": 1, "value": 2}]}', "value"),
    ('{"statement": "SELECT 1", "warehouse": 1}', "warehouse"),
    ('{"statement": "SELECT 1", "warehouse": "no such"}', "warehouse"),
    ('{"statement": "SELECT 1", "warehouse": "MAIN"}', "warehouse"),
    ('{"statement": "SELECT 1", "wait": 5}', "wait"),
    ('{"statement": "SELECT 1", "wait": ""}', "wait"),
    ('{"statement": "SELECT 1", "wait": "5"}', "wait"),
    ('{"statement": "SELECT 1", "wait": "-5s"}', "wait"),
    ('{"statement": "SELECT 1", "wait": "5 s"}', "wait"),
    ('{"statement": "SELECT 1", "wait": "5S"}', "wait"),
    ('{"statement": "SELECT 1", "wait": "61s"}', "wait"),
    ('{"statement": "SELECT 1", "wait": "1e1s"}', "wait"),
    ('{"statement": "SELECT 1", "wait": "infs"}', "wait"),
    ('{"statement": "SELECT 1", "wait": "99999999999999999999s"}', "wait"),
    ('{"statement": "SELECT 1", "on_wait_timeout": "stop"}', "on_wait_timeout"),
    ('{"statement": "SELECT 1", "on_wait_timeout": true}', "on_wait_timeout"),
    ('{"statement": "SELECT 1", "timeout": "0s"}', "timeout"),
    ('{"statement": "SELECT 1", "timeout": "2d"}', "timeout"),
    ('{"statement": "SELECT 1", "timeout": 60}', "timeout"),
    ('{"statement": "SELECT 1", "row_limit": 0}', "row_limit"),
    ('{"statement": "SELECT 1", "row_limit": -1}', "row_limit"),
    ('{"statement": "SELECT 1", "row_limit": 1.5}', "row_limit"),
    ('{"statement": "SELECT 1", "row_limit": "10"}', "row_limit"),
    ('{"statement": "SELECT 1", "row_limit": 9223372036854775808}', "row_limit"),
    ('{"statement": "SELECT 1", "query_tag": 1}', "query_tag"),
    ('{"statement": "SELECT 1", "query_tag": "a\\u0000b"}', "query_tag"),
    ('{"statement": "SELECT 1", "result_ttl": "0ms"}', "result_ttl"),
    ('{"statement": "SELECT 1", "result_ttl": "31d"}', "result_ttl"),
    ('{"statement": "SELECT 1", "result_ttl": "one day"}', "result_ttl"),
    ('{"statement": "SELECT ?", "parameters": {}}', "parameters"),
    ('{"statement": "SELECT ?", "parameters": "1"}', "parameters"),
    ('{"statement": "SELECT ?", "parameters": [[1]]}', "parameters[0]"),
    ('{"statement": "SELECT ?", "parameters": [1, {"typ": "DATE", "value": 1}]}', "parameters[1].typ"),
    ('{"statement": "SELECT ?", "parameters": [1, {"type": "DATE"}]}', "parameters[1].value"),
    ('{"statement": "SELECT ?", "parameters": [{"type": 1, "value": 1}]}', "parameters[0].type"),
    ('{"statement": "SELECT ?", "parameters": [{"value": {}}]}', "parameters[0].value"),
    ('{"statement": "SELECT ?", "parameters": [1, {"name": "x", "value": 1}]}', "parameters[1]"),
    ('{"statement": "SELECT ?", "parameters": [{"name": "", "value": 1}]}', "parameters[0].name"),
    ('{"statement": "SELECT ?", "parameters": [{"name": "x", "value": 1}, {"name": "x", "value": 2}]}', "parameters[1].name"),
    ('{"statement": "SELECT ?", "parameters": [18446744073709551616]}', "parameters[0]"),
    ('{"statement": "SELECT ?", "parameters": [1e300]}', "parameters[0]"),
]


@pytest.mark.parametrize("body, field", BODIES, ids=[body[:60] for body, _ in BODIES])
def test_a_body_that_is_not_understood_is_400_and_names_the_member(api, body, field):
    check_problem(api.post("/v1/queries", content=body, headers=JSON), 400, field)


def test_lengths_are_checked_to_the_byte(api):
    fits = {"statement": "SELECT 1 --".ljust(1 << 20, "x"), "query_tag": "ü" * 128, "parameters": None}
    assert api.post("/v1/queries", json=fits).status_code == 202
    check_problem(api.post("/v1/queries", json={**fits, "statement": fits["statement"] + "x"}), 400, "statement")
    check_problem(api.post("/v1/queries", json={**fits, "query_tag": "ü" * 128 + "x"}), 400, "query_tag")
    check_problem(api.post("/v1/queries", json={**fits, "warehouse": "w" * 256}), 400, "warehouse")
    many = {"statement": "SELECT 1", "parameters": [1] * 10_001}
    check_problem(api.post("/v1/queries", json=many), 400, "parameters")


def test_a_body_that_is_too_large_or_too_deep_is_refused(api):
    check_problem(api.post("/v1/queries", content=b" " * (2 << 20) + b"{}", headers=JSON), 413)
    check_problem(api.post("/v1/queries", content=b"[" * 100_000, headers=JSON), 400)
    check_problem(api.post("/v1/queries", content=b'{"parameters":' * 40 + b"1" + b"}" * 40, headers=JSON), 400)

    def pieces():
        for _ in range(40):
            yield b" " * 65536
    response = api.post("/v1/queries", content=pieces(), headers=JSON)
    check_problem(response, 413)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json", "multipart/form-data"])
@pytest.mark.parametrize("path", ["/v1/queries", "/v1/queries/batch-status"])
def test_another_content_type_is_415(api, path, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    check_problem(api.post(path, content=b'{"statement": "SELECT 1"}', headers=headers), 415, "Content-Type")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_is_json_however_it_is_spelled(api, content_type):
    assert api.post("/v1/queries", content=b'{"statement": "SELECT 1"}', headers={"Content-Type": content_type}).status_code == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tin it", "\u00fc".encode()])
def test_an_idempotency_key_that_is_none_is_refused(api, key):
    response = api.post("/v1/queries", json={"statement": "SELECT 1"}, headers={"Idempotency-Key": key})
    check_problem(response, 400, "Idempotency-Key")


# --- the body of batch-status -------------------------------------------------------------------------------------


@pytest.mark.parametrize("body, field", [
    ({}, "queries"),
    ({"queries": []}, "queries"),
    ({"queries": None}, "queries"),
    ({"queries": SOME_ID}, "queries"),
    ({"queries": [SOME_ID, "x"]}, "queries[1]"),
    ({"queries": [1]}, "queries[0]"),
    ({"queries": [None]}, "queries[0]"),
    ({"queries": [{}]}, "queries[0]"),
    ({"queries": [{"id": 1}]}, "queries[0].id"),
    ({"queries": [{"id": SOME_ID, "version": -1}]}, "queries[0].version"),
    ({"queries": [{"id": SOME_ID, "version": "1"}]}, "queries[0].version"),
    ({"queries": [{"id": SOME_ID, "etag": 1}]}, "queries[0].etag"),
    ({"queries": [SOME_ID], "wait": "61s"}, "wait"),
    ({"queries": [SOME_ID], "wait": 1}, "wait"),
    ({"queries": [SOME_ID], "timeout": "1s"}, "timeout"),
])
def test_a_batch_that_is_not_understood_is_400_and_names_the_member(api, body, field):
    check_problem(api.post("/v1/queries/batch-status", json=body), 400, field)


# --- the URL ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query, field", [
    ("wait=61s", "wait"), ("wait=", "wait"), ("wait", "wait"), ("wait=1", "wait"), ("wait=1s&wait=1s", "wait"),
    ("wiat=1s", "wiat"), ("wait=%00", "wait"), ("wait=%zz", None),
])
def test_parameters_of_a_status_are_read_strictly(api, query, field):
    check_problem(api.get(f"/v1/queries/{SOME_ID}?{query}"), 400, field)


@pytest.mark.parametrize("query, field", [
    ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("limit=-1", "limit"), ("limit=%2B1", "limit"),
    ("limit=1&limit=1", "limit"), ("limit=99999999999999999999", "limit"),
    ("status=", "status"), ("status=running", "status"), ("status=RUNNING,", "status"), ("status=DONE", "status"),
    ("since=yesterday", "since"), ("since=2026-13-01T00:00:00Z", "since"), ("until=2026-11-22", "until"),
    ("until=2026-11-22T00:00:00", "until"),
    ("page_token=x", "page_token"), ("page_token=", "page_token"),
    (f"page_token=1.{SOME_ID}.0000000000000000", "page_token"),
    ("offset=1", "offset"), ("tag=x", "tag"),
])
def test_parameters_of_the_history_are_read_strictly(api, query, field):
    check_problem(api.get(f"/v1/queries?{query}"), 400, field)


@pytest.mark.parametrize("query, field", [
    ("format=xml", "format"), ("format=", "format"), ("format=JSON", "format"), ("format=csv&format=csv", "format"),
    ("offset=-1", "offset"), ("offset=9223372036854775808", "offset"), ("offset=1.5", "offset"),
    ("limit=0", "limit"), ("limit=x", "limit"), ("limit=9223372036854775808", "limit"), ("page=2", "page"),
])
def test_parameters_of_a_result_are_read_strictly(api, query, field):
    check_problem(api.get(f"/v1/queries/{SOME_ID}/result?{query}"), 400, field)


@pytest.mark.parametrize("method, path", [
    ("POST", "/v1/queries"), ("POST", "/v1/queries/batch-status"), ("POST", f"/v1/queries/{SOME_ID}/cancel"),
    ("DELETE", f"/v1/queries/{SOME_ID}"), ("GET", f"/v1/queries/{SOME_ID}/events"),
    ("GET", f"/v1/queries/{SOME_ID}/result/chunks"), ("GET", f"/v1/queries/{SOME_ID}/result/chunks/0"), ("GET", "/v1/warehouses"),
])
def test_calls_without_parameters_take_none(api, method, path):
    check_problem(api.request(method, f"{path}?verbose=1"), 400, "verbose")


def test_too_many_parameters_are_refused(api):
    check_problem(api.get("/v1/queries?" + "&".join(f"p{n}=1" for n in range(300))), 400)


@pytest.mark.parametrize("id", [SOME_ID, SOME_ID.upper(), "x", "1", SOME_ID[:-1], SOME_ID + "0", "%20", "..%2f..", "a%00b"])
@pytest.mark.parametrize("method, path", [
    ("GET", ""), ("DELETE", ""), ("GET", "/events"), ("POST", "/cancel"), ("GET", "/result"), ("GET", "/result/chunks"),
    ("GET", "/result/chunks/0"),
])
def test_what_names_no_query_is_not_found(api, method, path, id):
    check_problem(api.request(method, f"/v1/queries/{id}{path}"), 404)


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/queries", "/v1/queries/", "/v1//queries", f"/v1/queries/{SOME_ID}/", "/V1/queries", "/favicon.ico"])
def test_a_path_that_is_not_there_is_404(api, path):
    check_problem(api.get(path), 404)


@pytest.mark.parametrize("path, allowed", [
    ("/v1/queries", {"GET", "HEAD", "POST", "OPTIONS"}),
    ("/v1/queries/batch-status", {"POST", "OPTIONS"}),
    (f"/v1/queries/{SOME_ID}", {"GET", "HEAD", "DELETE", "OPTIONS"}),
    (f"/v1/queries/{SOME_ID}/events", {"GET", "HEAD", "OPTIONS"}),
    (f"/v1/queries/{SOME_ID}/cancel", {"POST", "OPTIONS"}),
    (f"/v1/queries/{SOME_ID}/result", {"GET", "HEAD", "OPTIONS"}),
    (f"/v1/queries/{SOME_ID}/result/chunks", {"GET", "HEAD", "OPTIONS"}),
    (f"/v1/queries/{SOME_ID}/result/chunks/0", {"GET", "HEAD", "OPTIONS"}),
    ("/v1/warehouses", {"GET", "HEAD", "OPTIONS"}),
    ("/healthz", {"GET", "HEAD", "OPTIONS"}), ("/readyz", {"GET", "HEAD", "OPTIONS"}),
    ("/metrics", {"GET", "HEAD", "OPTIONS"}), ("/openapi.json", {"GET", "HEAD", "OPTIONS"}),
])
def test_other_methods_are_405_and_the_right_ones_are_told(api, path, allowed):
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
        response = api.request(method, path)
        check_problem(response, 405)
        assert set(response.headers["Allow"].split(", ")) == allowed
    options = api.options(path)
    assert options.status_code == 204 and set(options.headers["Allow"].split(", ")) == allowed


def test_a_body_where_none_is_taken_is_refused(api):
    check_problem(api.request("GET", "/v1/queries", json={}), 413)
    check_problem(api.request("DELETE", f"/v1/queries/{SOME_ID}", json={}), 413)


# --- what the client takes ----------------------------------------------------------------------------------------


def test_a_format_or_coding_that_is_not_there_is_406(api):
    url = api.run("SELECT 1")["result"]["url"]
    check_problem(api.get(url, headers={"Accept": "text/html"}), 406, "Accept")
    check_problem(api.get(url, headers={"Accept": "application/json;q=0"}), 406, "Accept")
    check_problem(api.get(url, headers={"Accept-Encoding": "br, identity;q=0"}), 406, "Accept-Encoding")
    check_problem(api.get(url, headers={"Accept-Encoding": "*;q=0, identity;q=0"}), 406, "Accept-Encoding")
    assert api.get(url, headers={"Accept": "*/*", "Accept-Encoding": "br"}).status_code == 200


# --- what is no HTTP ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_text, status", [
    (b"nonsense\r\n\r\n", 400),
    (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    (b"BREW /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    (b"POST /v1/queries HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
    (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431),
])
def test_what_is_no_request_is_answered_and_the_connection_ends(server, request_text, status):
    host, port = server.url.removeprefix("http://").rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request_text)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
    assert json.loads(body)["status"] == status
