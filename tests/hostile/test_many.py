"""Thousands of connections at a time: beyond the limit each is told so, and those within it do not notice."""

import resource
import socket

import pytest

from bystander import Bystander
from harness.waiting import until
from wire import GET, Connection

# Ten thousand, if this machine lets one process have them; some descriptors are for the rest.
MANY = min(10_000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 500)
AT_ONCE = 500  # What is opened before the server is heard, so that no connection is lost on its way in.


def connections_of(api):
    return int(api.metric("coatcheck_http_connections"))


@pytest.fixture
def crowd(start_server):
    """Starts a server and fills it: `crowd(beside, **settings)`, where `beside` places stay free.

    Returns the server, its API and the connections."""
    opened = []

    def gather(beside=0, **settings):
        server = start_server(settings={"limits.connections_max": MANY, **settings})
        api = server.api()
        opened.append(api)
        assert connections_of(api) == 1
        connections = []
        while len(connections) < MANY - 1 - beside:
            for _ in range(min(AT_ONCE, MANY - 1 - beside - len(connections))):
                connections.append(Connection(server))
                opened.append(connections[-1])
            count = len(connections) + 1
            until(lambda: connections_of(api) == count, f"{count} to be open")
        return server, api, connections

    yield gather
    for each in opened:
        each.close()


def some(connections):
    return connections[::max(1, len(connections) // 200)]


def assert_answered(connections):
    for connection in connections:
        assert connection.ask(GET).status == 200


def test_at_the_limit_further_ones_are_told_and_the_others_are_answered(crowd):
    server, api, connections = crowd(**{"limits.idle_timeout": "10m"})
    for _ in range(20):
        with Connection(server) as further:
            answer = further.send(GET).end_sending().receive()
            assert (answer.status, answer.fields["connection"]) == (503, "close")
            assert further.rest() == b""
    assert_answered(some(connections))
    assert api.metric("coatcheck_http_connections_refused_total") == 20
    assert api.run("SELECT 1")

    for connection in connections[:100]:
        connection.close()
    until(lambda: connections_of(api) == MANY - 100, "places to be free")
    with Connection(server) as newer:
        assert newer.ask(GET).status == 200


def test_a_rush_beyond_the_limit_is_turned_away_and_takes_no_place(crowd):
    server, api, connections = crowd(**{"limits.idle_timeout": "10m"})
    rush = []
    for _ in range(2000):
        # Nothing is read: whoever does not take its refusal keeps nobody else from getting one for long.
        rush.append(Connection(server))
        assert connections[len(rush)].ask(GET).status == 200
    until(lambda: api.metric("coatcheck_http_connections_refused_total") == len(rush), "all to be refused")
    for further in rush:
        refusal = further.end_sending().rest()
        assert refusal == b"" or refusal.startswith(b"HTTP/1.1 503 "), refusal
        further.close()
    until(lambda: connections_of(api) == MANY, "those that were refused to be gone")
    assert_answered(some(connections))


def test_all_that_stop_within_their_heads_are_given_up_at_once(crowd):
    server, api, connections = crowd(beside=200, **{"limits.header_timeout": "5s", "limits.idle_timeout": "10m"})
    with Bystander(server):
        for connection in connections:
            connection.send(GET[:-2])
        for connection in connections:
            assert connection.receive().status == 408
            connection.close()
        until(lambda: connections_of(api) <= 2, "all to be gone")


def test_all_that_come_to_nothing_are_forgotten(crowd):
    server, api, connections = crowd(beside=200, **{"limits.idle_timeout": "1h"})
    with Bystander(server):
        for n, connection in enumerate(connections):
            if n % 2:  # A reset, as of a client that crashed.
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
        until(lambda: connections_of(api) <= 2, "all to be gone")
