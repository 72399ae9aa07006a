"""Clients that go away while they wait are forgotten; what they asked for goes its way."""

import json
import socket

from harness.statements import ENDLESS, numbers
from harness.waiting import until


def open_request(server, method, path, body=None, fields=()):
    """Sends a request on a connection of its own and returns the socket."""
    host, port = server.url.removeprefix("http://").rsplit(":", 1)
    content = json.dumps(body).encode() if body is not None else b""
    head = [f"{method} {path} HTTP/1.1", f"Host: {host}", *fields]
    if body is not None:
        head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + content)
    return connection


def test_waiters_that_leave_are_forgotten(api, server):
    running = api.running(ENDLESS)
    path = f"/v1/queries/{running['id']}"
    left_before = api.metric("coatcheck_http_clients_left_total")
    known = {"queries": [{"id": running["id"], "version": running["version"]}], "wait": "60s"}
    connections = [open_request(server, "GET", f"{path}?wait=60s") for _ in range(5)]
    connections += [open_request(server, "POST", "/v1/queries/batch-status", known) for _ in range(5)]
    connections += [open_request(server, "GET", f"{path}/events") for _ in range(5)]
    until(lambda: api.metric("coatcheck_waiters") == 15, "fifteen to wait")
    for connection in connections:
        connection.close()
    until(lambda: api.metric("coatcheck_waiters") == 0, "all to be forgotten")
    until(lambda: api.metric("coatcheck_http_clients_left_total") == left_before + 15, "all to be counted")
    assert api.status(running["id"])["version"] == running["version"]


def test_a_query_outlives_the_client_that_waits_for_it(api, server):
    body = {"statement": ENDLESS, "wait": "60s", "query_tag": "left alone"}
    connection = open_request(server, "POST", "/v1/queries", body)
    until(lambda: api.metric("coatcheck_waiters") == 1, "it to wait")
    connection.close()
    until(lambda: api.metric("coatcheck_waiters") == 0, "it to be forgotten")
    query = api.history(query_tag="left alone")["queries"][0]
    assert api.await_status(query["id"], "RUNNING")


def test_clients_that_leave_at_once_cost_no_place_in_the_queue(api, server):
    for n in range(100):
        open_request(server, "POST", "/v1/queries", {"statement": "SELECT 1", "query_tag": "hit and run"}).close()
    # What was accepted runs to its end, and the places are free again.
    def idle():
        shown = api.get("/v1/warehouses").json()["warehouses"][0]
        return shown["running"] == 0 and shown["queued"] == 0
    until(idle, "the queue to empty")
    until(lambda: api.metric("coatcheck_http_connections") <= 2, "the connections to end")
    accepted = api.history(query_tag="hit and run", limit=1000)["queries"]
    assert all(api.ended(query["id"])["status"] == "SUCCEEDED" for query in accepted)
    assert api.run("SELECT 1")


def test_a_client_that_leaves_a_download_is_forgotten(api, server):
    query = api.run("SELECT range AS n, repeat('x', 1000) AS s FROM range(100000)")
    for format in ("csv", "arrow", "parquet"):
        connection = open_request(server, "GET", f"{query['result']['url']}?format={format}")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        connection.close()
    until(lambda: api.metric("coatcheck_http_connections") <= 2, "the connections to end")
    assert len(api.items(query["id"], limit=10)) == 10


def test_requests_on_one_connection_are_answered_in_order(api, server):
    ids = [api.run(numbers(n))["id"] for n in (1, 2, 3)]
    host, port = server.url.removeprefix("http://").rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        requests = [f"GET /v1/queries/{id}/result?format=csv HTTP/1.1\r\nHost: {host}\r\n\r\n" for id in ids]
        requests.append(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        connection.sendall("".join(requests).encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    bodies = [answer.index(b"n\r\n0\r\n"), answer.index(b"n\r\n0\r\n1\r\n"), answer.index(b"n\r\n0\r\n1\r\n2\r\n"), answer.index(b'{"status":"ok"}')]
    assert bodies == sorted(bodies) and answer.count(b"HTTP/1.1 200 OK") == 4
