"""What looks odd and is allowed is taken for what it is."""

import json

import pytest

from wire import GET, Connection, new_tag, post, submit

STATEMENT = json.dumps({"statement": "SELECT 1"}).encode()


def get(more=b"", target=b"/healthz", version=b"HTTP/1.1", host=b"Host: a\r\n"):
    return b"GET " + target + b" " + version + b"\r\n" + host + more + b"\r\n"


def chunked(body, coding=b"chunked"):
    return post(b"Transfer-Encoding: " + coding + b"\r\n", body)


def in_chunks(extension=b"", trailers=b"", size=b"%x"):
    half = len(STATEMENT) // 2
    pieces = [size % len(piece) + extension + b"\r\n" + piece + b"\r\n" for piece in (STATEMENT[:half], STATEMENT[half:])]
    return chunked(b"".join(pieces) + b"0" + extension + b"\r\n" + trailers + b"\r\n")


# Name, where it is said, status, bytes. "9112" and "9110" are RFCs.
HEADS = [
    ("an empty line before", "9112 2.2", 200, b"\r\n" + get()),
    ("several empty lines before", "9112 2.2", 200, b"\r\n" * 5 + get()),
    ("an absolute target", "9112 3.2.2", 200, get(target=b"http://a/healthz")),
    ("an absolute target of another host than Host", "9112 3.2.2", 200, get(target=b"http://b/healthz")),
    ("an absolute target with a port", "9112 3.2.2", 200, get(target=b"http://a:8080/healthz")),
    ("a scheme in capitals", "9110 4.2.3", 200, get(target=b"HTTP://a/healthz")),
    ("https, as a proxy would say", "9112 3.2.2", 200, get(target=b"https://a/healthz")),
    ("a query", "9112 3.2.1", 200, get(target=b"/healthz?")),
    ("a query with marks of all kinds", "9112 3.2.1", 200, get(target=b"/healthz?a=/?:@!$&'()*+,;=-._~%20")),
    ("* for OPTIONS", "9112 3.2.4", 204, b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("Host with a port", "9112 3.2", 200, get(host=b"Host: a:8080\r\n")),
    ("Host with a colon and no port", "9112 3.2", 200, get(host=b"Host: a:\r\n")),
    ("Host as an IPv6 address", "9112 3.2", 200, get(host=b"Host: [::1]:80\r\n")),
    ("Host in the midst of the others", "9112 3.2", 200, get(host=b"X: 1\r\nhOsT: a\r\nY: 2\r\n")),
    ("HTTP/1.0 without Host", "9112 3.2", 200, get(version=b"HTTP/1.0", host=b"Connection: keep-alive\r\n")),
    ("a value that is empty", "9110 5.5", 200, get(b"X:\r\n")),
    ("a value of white space", "9110 5.5", 200, get(b"X: \t \r\n")),
    ("no white space before a value", "9112 5", 200, get(b"X:1\r\n")),
    ("white space around a value", "9112 5", 200, get(b"X: \t  1 2 \t \r\n", host=b"Host: \t a \t\r\n")),
    ("a value of bytes above 127", "9110 5.5", 200, get(b"X: \xc3\xa9\xff\r\n")),
    ("a name of all the marks a token may have", "9110 5.6.2", 200, get(b"!#$%&'*+-.^_`|~09aZ: 1\r\n")),
    ("a field twice", "9110 5.3", 200, get(b"Accept: */*\r\nAccept: text/plain\r\n")),
    ("a list with empty members", "9110 5.6.1", 200, get(b"Connection: , keep-alive ,, x,\r\n")),
    ("an upgrade to something else", "9110 7.8", 200,
     get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n")),
    ("an expectation without a body", "9110 10.1.1", 200, get(b"Expect: 100-continue\r\n")),
    ("an expectation in HTTP/1.0", "9110 10.1.1", 200,
     get(b"Connection: keep-alive\r\nExpect: 100-continue\r\n", version=b"HTTP/1.0")),
    ("a length of nothing", "9110 8.6", 200, get(b"Content-Length: 0\r\n")),
    ("a length of several zeros", "9110 8.6", 200, get(b"Content-Length: 000\r\n")),
    ("a head nearly as long as may be", "9110 5.4", 200, get(b"X: " + b"x" * 31_000 + b"\r\n")),
]

BODIES = [
    ("a length", "9110 8.6", post(b"Content-Length: %d\r\n" % len(STATEMENT), STATEMENT)),
    ("a length with zeros before it", "9110 8.6", post(b"Content-Length: 000%d\r\n" % len(STATEMENT), STATEMENT)),
    ("a length with white space around it", "9112 5", post(b"Content-Length: \t%d \t\r\n" % len(STATEMENT), STATEMENT)),
    ("chunks", "9112 7.1", in_chunks()),
    ("the coding in other letters", "9112 7", chunked(b"%x\r\n%s\r\n0\r\n\r\n" % (len(STATEMENT), STATEMENT), b"ChUnKeD")),
    ("the coding with white space around it", "9112 5",
     chunked(b"%x\r\n%s\r\n0\r\n\r\n" % (len(STATEMENT), STATEMENT), b" \tchunked\t ")),
    ("sizes in capitals", "9112 7.1", in_chunks(size=b"%X")),
    ("sizes with zeros before them", "9112 7.1", in_chunks(size=b"000000000000000000000%x")),
    ("a last chunk of several zeros", "9112 7.1", chunked(b"%x\r\n%s\r\n000\r\n\r\n" % (len(STATEMENT), STATEMENT))),
    ("a chunk for every byte", "9112 7.1",
     chunked(b"".join(b"1\r\n%c\r\n" % byte for byte in STATEMENT) + b"0\r\n\r\n")),
    ("extensions", "9112 7.1.1", in_chunks(b";a=b;c")),
    ("extensions in quotes", "9112 7.1.1", in_chunks(b';a="b;\\"c\t\xc3\xa9"')),
    ("extensions with white space", "9112 7.1.1", in_chunks(b" ; a = b")),
    ("trailers", "9112 7.1.2", in_chunks(trailers=b"X: 1\r\nY:\r\n")),
    ("trailers that would mean something in a head", "9110 6.5.1",
     in_chunks(trailers=b"Host: b\r\nConnection: close\r\nExpect: x\r\nAuthorization: Bearer x\r\n")),
    # It may be refused or read as one line; it is read so, and then nobody looks at it.
    ("a folded trailer", "9112 5.2", in_chunks(trailers=b"X: 1\r\n 2\r\n")),
]

CASES = [pytest.param(data, status, id=f"{name} (RFC {source})") for name, source, status, data in HEADS]
CASES += [pytest.param(data, 202, id=f"body: {name} (RFC {source})") for name, source, data in BODIES]


@pytest.mark.parametrize("data, status", CASES)
def test_is_taken_and_the_connection_goes_on(server, data, status):
    with Connection(server) as connection:
        for _ in range(2):
            answer = connection.ask(data)
            assert answer.status == status and answer.fields.get("connection") != "close", answer
        assert connection.ask(GET).status == 200


@pytest.mark.parametrize("data, status", [case for case in CASES if len(case.values[0]) < 1000])
def test_is_taken_byte_by_byte(server, data, status):
    with Connection(server) as connection:
        for byte in data + GET:
            connection.send(bytes([byte]))
        assert connection.receive().status == status
        assert connection.receive().status == 200


def test_an_empty_line_may_be_cut_in_two(server):
    with Connection(server) as connection, Connection(server) as other:
        for piece in (b"\r", b"\n\r", b"\n" + GET[:1]):
            connection.send(piece)
            assert other.ask(GET).status == 200  # So the server has read the piece.
        assert connection.ask(GET[1:]).status == 200


def test_requests_sent_at_once_are_answered_in_order(server, api):
    tags = [new_tag() for _ in range(20)]
    requests = [b"GET /v1/queries?query_tag=%s HTTP/1.1\r\nHost: a\r\n\r\n" % tag.replace(" ", "%20").encode() for tag in tags]
    for tag in tags:
        api.run("SELECT 1", query_tag=tag)
    with Connection(server) as connection:
        connection.send(b"".join(requests))
        for tag in tags:
            assert [query["query_tag"] for query in json.loads(connection.receive().body)["queries"]] == [tag]


def test_bodies_sent_at_once_are_told_apart(server, api):
    tags = [new_tag() for _ in range(20)]
    with Connection(server) as connection:
        connection.send(b"".join(submit(tag) for tag in tags) + GET)
        assert [json.loads(connection.receive().body)["query_tag"] for _ in tags] == tags
        assert connection.receive().status == 200


def test_thousands_of_requests_sent_at_once_are_answered_while_others_are(server):
    count = 2000
    with Connection(server) as connection, Connection(server) as other:
        connection.socket.settimeout(120)
        connection.socket.setblocking(False)
        to_send, answers = memoryview(GET * count), b""
        while answers.count(b"HTTP/1.1 200 OK") < count:
            if to_send:
                try:
                    to_send = to_send[connection.socket.send(to_send):]
                except BlockingIOError:
                    pass
            try:
                answers += connection.socket.recv(1 << 20)
            except BlockingIOError:
                assert other.ask(GET).status == 200


def test_close_ends_the_connection_and_nothing_behind_it_is_answered(server, api):
    tag = new_tag()
    with Connection(server) as connection:
        answer = connection.ask(get(b"Connection: close\r\n") + submit(tag))
        assert (answer.status, answer.fields["connection"]) == (200, "close")
        assert connection.rest() == b""
    assert api.history(query_tag=tag)["queries"] == []


def expecting(length, version=b"HTTP/1.1"):
    return (b"POST /v1/queries %s\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
            b"Content-Length: %d\r\n\r\n" % (version, length))


def test_a_body_that_waits_to_be_asked_for_is_asked_for(server):
    with Connection(server) as connection:
        assert connection.ask(expecting(len(STATEMENT))).status == 100
        assert connection.ask(STATEMENT).status == 202
        assert connection.ask(GET).status == 200


def test_a_body_that_does_not_wait_need_not_be_asked_for(server):
    with Connection(server) as connection:
        assert connection.ask(expecting(len(STATEMENT)) + STATEMENT).status == 202
        assert connection.ask(GET).status == 200


def test_an_old_client_is_not_asked(server):
    with Connection(server) as connection:
        assert connection.ask(expecting(len(STATEMENT), b"HTTP/1.0") + STATEMENT).status == 202
        assert connection.rest() == b""


def test_a_body_that_would_not_be_taken_is_not_asked_for(server):
    with Connection(server) as connection:
        assert connection.ask(expecting(1 << 40)).status == 413
        connection.end_sending()
        assert connection.rest() == b""
