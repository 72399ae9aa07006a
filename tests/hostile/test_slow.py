"""Clients that take their time, or go silent: each is ended by its limit, and the others do not notice."""

import pytest

from bystander import Bystander
from harness.waiting import until
from wire import GET, Connection

SHORT = {"limits.header_timeout": "500ms", "limits.body_timeout": "500ms", "limits.idle_timeout": "500ms",
         "limits.write_timeout": "500ms"}


@pytest.fixture
def slow(start_server):
    """Starts a server whose limits are short: those that are named; the others are as they are by default."""
    return lambda *names, **more: start_server(settings={**{name: SHORT[name] for name in names}, **more})


def drip(connection, data):
    """Sends byte after byte, as slowly as the test asks, until the server has had enough. Data that is all taken is a failure."""
    connection.socket.settimeout(0.05)
    for byte in data:
        connection.send(bytes([byte]))
        try:
            if connection.more():
                break
        except TimeoutError:
            continue
        break
    else:
        raise AssertionError("all of it was taken")
    connection.socket.settimeout(60)


def assert_408(connection):
    answer = connection.receive()
    assert (answer.status, answer.fields["connection"]) == (408, "close")
    assert connection.rest() == b""


@pytest.mark.parametrize("begun", [b"G", b"GET /healthz HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX"])
def test_a_head_that_stops_is_given_up(slow, begun):
    server = slow("limits.header_timeout")
    with Bystander(server), Connection(server) as connection:
        connection.send(begun)
        assert_408(connection)


def test_a_head_that_drips_is_given_up(slow):
    server = slow("limits.header_timeout")
    with Bystander(server), Connection(server) as connection:
        drip(connection, b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 100)
        assert_408(connection)


def test_the_head_of_a_later_request_is_given_up_too(slow):
    server = slow("limits.header_timeout")
    with Connection(server) as connection:
        assert connection.ask(GET).status == 200
        connection.send(GET[:20])
        assert_408(connection)


CHUNKED = b"POST /v1/queries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
LONG = b"POST /v1/queries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
BODIES = {"of a length": (LONG, b" " * 900), "in chunks": (CHUNKED, b"1\r\n \r\n" * 200),
          "in one chunk": (CHUNKED, b"400\r\n" + b" " * 900), "in trailers": (CHUNKED, b"0\r\n" + b"X: 1\r\n" * 200)}


@pytest.mark.parametrize("head, body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_drips_is_given_up(slow, head, body):
    server = slow("limits.body_timeout")
    with Bystander(server), Connection(server) as connection:
        connection.send(head)
        drip(connection, body)
        assert_408(connection)


@pytest.mark.parametrize("head, body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_stops_is_given_up(slow, head, body):
    server = slow("limits.body_timeout")
    with Connection(server) as connection:
        connection.send(head + body[:20])
        assert_408(connection)


def test_a_body_that_is_asked_for_and_does_not_come_is_given_up(slow):
    server = slow("limits.body_timeout")
    with Connection(server) as connection:
        connection.send(LONG.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert connection.receive().status == 100
        assert_408(connection)


def test_a_connection_that_says_nothing_is_closed(slow):
    server = slow("limits.idle_timeout")
    with Bystander(server), Connection(server) as silent, Connection(server) as once:
        assert once.ask(GET).status == 200
        assert once.rest() == b"" and silent.rest() == b""


def test_empty_lines_do_not_keep_a_connection_open(slow):
    server = slow("limits.idle_timeout")
    with Bystander(server), Connection(server) as connection:
        drip(connection, b"\r\n" * 500)
        assert connection.rest() == b""


def test_a_client_that_has_ended_its_side_is_answered(slow):
    server = slow()
    with Connection(server) as connection, server.api() as api:
        # But for requests that may wait, where such a client counts as gone.
        connection.send(GET + download(large_result(api), "csv") + GET).end_sending()
        answers = [connection.receive() for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 200] and len(answers[1].body) > 50_000_000
        assert connection.rest() == b""


@pytest.mark.parametrize("begun", [b"", b"\r\n", GET[:20], LONG + b" "], ids=["nothing", "an empty line", "head", "body"])
def test_a_client_that_has_ended_its_side_too_early_is_closed(slow, begun):
    server = slow()
    with Connection(server) as connection:
        connection.send(begun).end_sending()
        assert connection.rest() == b""


def large_result(api):
    # Text that does not shrink: far more than the kernel keeps for both ends.
    columns = ", ".join(f"md5((range * 8 + {n})::VARCHAR) AS c{n}" for n in range(8))
    return api.run(f"SELECT {columns} FROM range(200000)")["result"]["url"]


def download(url, format):
    return f"GET {url}?format={format} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


# Text is made while it is sent; Arrow is sent from its file.
@pytest.mark.parametrize("format", ["csv", "arrow"])
def test_a_download_that_nobody_reads_is_cut(slow, format):
    server = slow("limits.write_timeout")
    with Bystander(server), server.api() as api, Connection(server, receive_bytes=4096) as connection:
        connection.send(download(large_result(api), format))
        until(lambda: api.metric("coatcheck_http_bodies_cut_total") == 1, "it to be cut")
        assert not connection.receive().whole


@pytest.mark.parametrize("format", ["csv", "arrow"])
def test_a_download_that_drips_is_cut(slow, format):
    server = slow("limits.write_timeout", **{"limits.write_rate_min": "1GiB"})
    with Bystander(server), server.api() as api, Connection(server, receive_bytes=1 << 19) as connection:
        connection.send(download(large_result(api), format))
        while connection.more():  # Always something, and never enough.
            assert api.metric("coatcheck_http_connections") > 0
        assert api.metric("coatcheck_http_bodies_cut_total") == 1
        assert not connection.receive().whole


def test_a_download_that_pauses_goes_on(slow):
    server = slow()
    with server.api() as api, Connection(server, receive_bytes=65536) as connection:
        url = large_result(api)
        connection.send(download(url, "csv"))
        connection.unread = connection.socket.recv(1000)
        # As long as it takes others to get all of theirs.
        whole = api.get(url, params={"format": "csv"}).content
        paused = connection.receive()
        assert paused.whole and paused.body == whole and len(whole) > 50_000_000


def test_requests_whose_answers_nobody_reads_are_cut(slow):
    """Many small ones: each would fit where none is waiting."""
    server = slow("limits.write_timeout")
    with Bystander(server), server.api() as api, Connection(server, receive_bytes=4096) as connection:
        connection.socket.settimeout(0.05)
        def cut():
            try:
                connection.socket.send(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 100)
            except (TimeoutError, ConnectionError):
                pass
            return api.metric("coatcheck_http_bodies_cut_total") == 1
        until(cut, "it to be cut")
