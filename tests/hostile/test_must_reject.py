"""What HTTP/1.1 says must be rejected is: answered with an error, and nothing that follows is taken for a request."""

import pytest

from wire import GET, Connection, new_tag, post, submit

HOST = b"Host: a\r\n"


def get(more=b"", target=b"/healthz", version=b"HTTP/1.1", host=HOST):
    return b"GET " + target + b" " + version + b"\r\n" + host + more + b"\r\n"


def chunked(body):
    return post(b"Transfer-Encoding: chunked\r\n", body)


# Name, where it is said, status, bytes. "9112" and "9110" are RFCs.
REQUEST_LINE = [
    ("no version (HTTP/0.9)", "9112 3", 400, b"GET /healthz\r\n\r\n"),
    ("no target", "9112 3", 400, b"GET  HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("two spaces before the target", "9112 3", 400, b"GET  /healthz HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("two spaces before the version", "9112 3", 505, b"GET /healthz  HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("a tab between", "9112 3", 400, b"GET\t/healthz\tHTTP/1.1\r\n" + HOST + b"\r\n"),
    ("a space behind the version", "9112 3", 505, b"GET /healthz HTTP/1.1 \r\n" + HOST + b"\r\n"),
    ("a space before the method", "9112 2.2", 400, b" GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("a method that is no token", "9110 9.1", 400, b"GE(T /healthz HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("a method in lower case", "9110 9.1", 501, b"get /healthz HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("a method that nobody knows", "9110 9.1", 501, b"BREW /healthz HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("a version in lower case", "9112 2.3", 505, get(version=b"http/1.1")),
    ("a version of two digits", "9112 2.3", 505, get(version=b"HTTP/1.10")),
    ("a version without its point", "9112 2.3", 505, get(version=b"HTTP/11")),
    ("a version without its minor", "9112 2.3", 505, get(version=b"HTTP/1")),
    ("another protocol", "9112 2.3", 505, get(version=b"HTCPCP/1.1")),
    ("HTTP/2.0", "9110 15.6.6", 505, get(version=b"HTTP/2.0")),
    ("HTTP/0.9 by name", "9110 15.6.6", 505, get(version=b"HTTP/0.9")),
    ("the preface of HTTP/2", "9110 15.6.6", 505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("the handshake of TLS", "9112 2.2", 400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    ("a line that ends in a bare LF", "9112 2.2", 505, b"GET /healthz HTTP/1.1\nHost: a\n\n"),
    ("a line that ends in a bare CR", "9112 2.2", 505, b"GET /healthz HTTP/1.1\rHost: a\r\r"),
]

TARGETS = [
    ("a fragment", "9112 3.2.1", 400, get(target=b"/healthz#a")),
    ("a bare word", "9112 3.2", 400, get(target=b"healthz")),
    ("* for another method than OPTIONS", "9112 3.2.4", 400, get(target=b"*")),
    ("an authority for another method than CONNECT", "9112 3.2.3", 400, get(target=b"a:80")),
    ("a tunnel", "9112 3.2.3", 501, b"CONNECT a:443 HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("another scheme", "9112 3.2.2", 400, get(target=b"ftp://a/healthz")),
    ("an absolute form without a host", "9110 4.2.1", 400, get(target=b"http:///healthz")),
    ("an absolute form with userinfo", "9110 4.2.4", 400, get(target=b"http://user@a/healthz")),
    ("half a percent-encoding", "9112 3.2.1", 400, get(target=b"/healthz%2")),
    ("a percent-encoding of no number", "9112 3.2.1", 400, get(target=b"/healthz%zz")),
    ("a byte above 127", "9112 3.2.1", 400, get(target=b"/h\xc3\xa9")),
    ("a NUL", "9112 3.2.1", 400, get(target=b"/health\x00z")),
    ("a DEL", "9112 3.2.1", 400, get(target=b"/health\x7fz")),
    ("a bare CR", "9112 2.2", 400, get(target=b"/health\rz")),
    ("a backslash", "9112 3.2.1", 400, get(target=b"/a\\b")),
    ("a quote", "9112 3.2.1", 400, get(target=b'/a"b')),
    ("one that is too long", "9112 3", 414, get(target=b"/" + b"a" * 40_000)),
]

HOSTS = [
    ("none", "9112 3.2", 400, get(host=b"")),
    ("two", "9112 3.2", 400, get(host=b"Host: a\r\nHost: b\r\n")),
    ("two that are the same", "9112 3.2", 400, get(host=b"Host: a\r\nhost: a\r\n")),
    ("none, with an absolute form", "9112 3.2", 400, get(target=b"http://a/healthz", host=b"")),
    ("an empty one", "9110 4.2.1", 400, get(host=b"Host:\r\n")),
    ("a list", "9112 3.2", 400, get(host=b"Host: a,b\r\n")),
    ("userinfo", "9112 3.2", 400, get(host=b"Host: user@a\r\n")),
    ("a path", "9112 3.2", 400, get(host=b"Host: a/b\r\n")),
    ("a space within", "9112 3.2", 400, get(host=b"Host: a b\r\n")),
    ("a port that is no number", "9112 3.2", 400, get(host=b"Host: a:http\r\n")),
    ("half an IPv6 address", "9112 3.2", 400, get(host=b"Host: [::1\r\n")),
    ("a URI", "9112 3.2", 400, get(host=b"Host: http://a\r\n")),
]

FIELDS = [
    ("a space before the colon", "9112 5.1", 400, get(b"X : 1\r\n")),
    ("a tab before the colon", "9112 5.1", 400, get(b"X\t: 1\r\n")),
    ("a space before the colon of the length", "9112 5.1", 400, post(b"Content-Length : 2\r\n", b"{}")),
    ("a space before the colon of the coding", "9112 5.1", 400, post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n")),
    ("a folded line", "9112 5.2", 400, get(b"X: 1\r\n 2\r\n")),
    ("a line folded by a tab", "9112 5.2", 400, get(b"X: 1\r\n\t2\r\n")),
    ("a folded line of white space", "9112 5.2", 400, get(b"X: 1\r\n \r\n")),
    ("a folded line with others behind it", "9112 5.2", 400, get(b"X: 1\r\n 2\r\nY: 3\r\n")),
    ("a folded coding", "9112 5.2", 400, post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n")),
    ("white space before the first", "9112 2.2", 400, get(host=b" Host: a\r\n")),
    ("white space before the first, then a Host", "9112 2.2", 400, get(host=b" X: 1\r\nHost: a\r\n")),
    ("no colon", "9112 5", 400, get(b"X\r\n")),
    ("no name", "9112 5", 400, get(b": 1\r\n")),
    ("a space in the name", "9110 5.1", 400, get(b"X Y: 1\r\n")),
    ("a parenthesis in the name", "9110 5.1", 400, get(b"X(: 1\r\n")),
    ("a NUL in the name", "9110 5.1", 400, get(b"X\x00: 1\r\n")),
    ("a byte above 127 in the name", "9110 5.1", 400, get(b"X\xe9: 1\r\n")),
    ("a NUL in the value", "9110 5.5", 400, get(b"X: a\x00b\r\n")),
    ("a bare CR in the value", "9112 2.2", 400, get(b"X: a\rb\r\n")),
    ("a bare LF in the value", "9110 5.5", 400, get(b"X: a\nb\r\n")),
    ("a bare LF before another", "9112 2.2", 400, get(b"X: a\nContent-Length: 2\r\n")),
    ("a control character in the value", "9110 5.5", 400, get(b"X: a\x07b\r\n")),
    ("a DEL in the value", "9110 5.5", 400, get(b"X: a\x7fb\r\n")),
    ("a line that ends in CR CR LF", "9112 2.2", 400, get(b"X: a\r\r\n")),
    ("a last line of CR and something else", "9112 2.2", 400, get()[:-1] + b"X"),
    ("more than the head may have", "9110 5.4", 431, get(b"X: " + b"x" * 40_000 + b"\r\n")),
    ("more fields than a head may have", "9110 5.4", 431, get(b"X: 1\r\n" * 200)),
    ("an expectation that nobody knows", "9110 10.1.1", 417, get(b"Expect: a-miracle\r\n")),
    ("an expectation beside the known one", "9110 10.1.1", 417, get(b"Expect: 100-continue, a-miracle\r\n")),
]

LENGTHS = [(f"{value!r}", "9112 6.3", 400, post(b"Content-Length: " + value + b"\r\n", b"{}"))
           for value in (b"", b"+2", b"-2", b"-0", b"0x2", b"2.0", b"2e0", b"2;", b"2 2", b"2,", b",2", b"2, 2", b"2, 3",
                         b'"2"', b"two", b"2\x0b", b"\xb2", b"2_0", b"18446744073709551618", b"9" * 100)] + [
    ("two that differ", "9112 6.3", 400, post(b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{}")),
    ("two that are the same", "9112 6.3", 400, post(b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}")),
    ("more than anybody has", "9110 15.5.14", 413, post(b"Content-Length: 18446744073709551615\r\n", b"{}")),
]

CODINGS = [(f"{value!r}", "9112 6.1", status, post(b"Transfer-Encoding: " + value + b"\r\n", b"0\r\n\r\n"))
           for value, status in ((b"", 400), (b"identity", 400), (b"gzip", 400), (b"xchunked", 400), (b"chunkedx", 400),
                                 (b"chunked, gzip", 400), (b"chunked, identity", 400), (b"chunked;a=b", 400),
                                 (b"chunked,", 400), (b'"chunked"', 400), (b"chunked\x0b", 400), (b"\x0bchunked", 400),
                                 (b"chunked chunked", 400), (b"\xffchunked", 400), (b"gzip, chunked", 501),
                                 (b"chunked, chunked", 501))] + [
    ("two of chunked", "9112 7.1", 400, post(b"Transfer-Encoding: chunked\r\n" * 2, b"0\r\n\r\n")),
    ("gzip, then chunked, in two fields", "9112 6.1", 400,
     post(b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    ("a length before it", "9112 6.3", 400, post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    ("a length after it", "9112 6.3", 400, post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n")),
    ("a length beside one that is not known", "9112 6.3", 400,
     post(b"Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n")),
    ("in HTTP/1.0", "9112 6.1", 400,
     b"POST /v1/queries HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("in a GET with a length", "9112 6.3", 400, get(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + b"0\r\n\r\n"),
]

# The whole bodies among them say `{}`, which is no submission: were it taken, the answer would be another 400. So each
# ends the connection, and what follows is not answered.
CHUNKS = [(f"size {size!r}", "9112 7.1", 400, chunked(size + b"\r\n{}\r\n0\r\n\r\n"))
          for size in (b"", b"0x2", b"+2", b"-2", b" 2", b"2 ", b"2\t", b"g", b"2g", b"2.", b"2,", b"2h", b'"2"', b"two",
                       b"\x002", b"2\x00", b"10000000000000002", b"fffffffffffffffffffff2")] + [
    (f"extension {extension!r}", "9112 7.1.1", 400, chunked(b"2" + extension + b"\r\n{}\r\n0\r\n\r\n"))
    for extension in (b";", b"; ", b";=1", b";a=", b";a b", b';a="', b';a="b', b";a=\x00", b";a=b\rc", b";a\nb", b";a=b\nc",
                      b';a="b\nc"', b';a="b\x00c"', b';a="\\\n"', b';a="b\x7fc"', b";a=" + b"b" * 2000)] + [
    ("no CRLF behind the data", "9112 7.1", 400, chunked(b"2\r\n{}0\r\n\r\n")),
    ("more data than the size", "9112 7.1", 400, chunked(b"2\r\n{}}\r\n0\r\n\r\n")),
    ("a bare LF behind the size", "9112 7.1", 400, chunked(b"2\n{}\r\n0\r\n\r\n")),
    ("a bare CR behind the size", "9112 7.1", 400, chunked(b"2\r{}\r\n0\r\n\r\n")),
    ("a bare LF behind the data", "9112 7.1", 400, chunked(b"2\r\n{}\n0\r\n\r\n")),
    ("a bare LF behind the last size", "9112 7.1", 400, chunked(b"2\r\n{}\r\n0\n\r\n")),
    ("a trailer without a colon", "9112 7.1.2", 400, chunked(b"2\r\n{}\r\n0\r\nX\r\n\r\n")),
    ("a trailer with a space before its colon", "9112 5.1", 400, chunked(b"2\r\n{}\r\n0\r\nX : 1\r\n\r\n")),
    ("a bare LF in a trailer", "9110 5.5", 400, chunked(b"2\r\n{}\r\n0\r\nX: 1\nY: 2\r\n\r\n")),
    ("a length in a trailer", "9110 6.5.1", 400, chunked(b"2\r\n{}\r\n0\r\nContent-Length: 2\r\n\r\n")),
    ("a coding in a trailer", "9110 6.5.1", 400, chunked(b"2\r\n{}\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n")),
    ("trailers without end", "9112 7.1.2", 400, chunked(b"2\r\n{}\r\n0\r\n" + b"X: 1\r\n" * 20_000)),
    ("a body that is too large", "9110 15.5.14", 413, chunked(b"7fffffff\r\n" + b" " * 3_000_000)),
]

TABLE = {"request line": REQUEST_LINE, "target": TARGETS, "Host": HOSTS, "field": FIELDS, "Content-Length": LENGTHS,
         "Transfer-Encoding": CODINGS, "chunk": CHUNKS}
CASES = [pytest.param(data, status, id=f"{part}: {name} (RFC {source})")
         for part, cases in TABLE.items() for name, source, status, data in cases]


def assert_refused(connection, status):
    answer = connection.receive()
    assert answer is not None, "the connection ended without an answer"
    assert (answer.status, answer.fields["connection"]) == (status, "close"), answer
    assert answer.fields["content-type"] == "application/problem+json", answer
    assert connection.rest() == b"", "something after it was answered"


@pytest.fixture(scope="module")
def tag(shared_server):
    """What every request that is smuggled here would be found by; none may be."""
    tag = new_tag()
    yield tag
    with shared_server.api() as api:
        assert api.history(query_tag=tag)["queries"] == [], "a request was taken out of another"


@pytest.mark.parametrize("data, status", CASES)
def test_is_refused_and_nothing_after_it_is_a_request(server, tag, data, status):
    with Connection(server) as connection:
        connection.send(data + submit(tag)).end_sending()
        assert_refused(connection, status)


IN_PIECES = [case for case in CASES if len(case.values[0]) < 1000]


@pytest.mark.parametrize("data, status", IN_PIECES)
def test_is_refused_when_it_comes_byte_by_byte(server, tag, data, status):
    """Whatever the parser sees of it at a time."""
    with Connection(server) as connection:
        for byte in data:
            connection.send(bytes([byte]))
        connection.send(submit(tag)).end_sending()
        assert_refused(connection, status)


@pytest.mark.parametrize("data, status", [case for case in CASES if "fold" in case.id])
def test_a_fold_is_refused_wherever_the_head_is_cut_in_two(server, tag, data, status):
    for first in range(1, len(data)):
        with Connection(server) as connection, Connection(server) as other:
            connection.send(data[:first])
            assert other.ask(GET).status == 200  # So the server has read what came before.
            connection.send(data[first:] + submit(tag)).end_sending()
            assert_refused(connection, status)


def test_a_head_that_comes_in_pieces_may_not_be_larger_than_one_that_does_not(server, tag):
    with Connection(server) as connection:
        connection.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n")
        for n in range(100):
            connection.send(b"X-%d: %s\r\n" % (n, b"x" * 1000))
        connection.send(b"\r\n" + submit(tag)).end_sending()
        assert_refused(connection, 431)


def test_what_the_tag_would_find(server):
    """The other tests look for a smuggled request by its tag: sent alone, that request is found so."""
    tag = new_tag()
    with Connection(server) as connection, server.api() as api:
        assert connection.ask(submit(tag)).status == 202
        assert len(api.history(query_tag=tag)["queries"]) == 1


# Framed well, and answered before the body was read: the body must not be taken for a request.
UNREAD_BODIES = {
    "where no body is expected": (413, b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"),
    "where nothing is": (404, b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"),
    "where the method is not allowed": (405, b"PUT /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"),
    "with an expectation": (417, b"POST /v1/queries HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: %d\r\n\r\n"),
}


@pytest.mark.parametrize("status, head", UNREAD_BODIES.values(), ids=UNREAD_BODIES.keys())
def test_a_body_that_is_not_read_is_no_request(server, tag, status, head):
    body = submit(tag)
    with Connection(server) as connection:
        answer = connection.ask(head % len(body) + body)
        assert (answer.status, answer.fields["connection"]) == (status, "close")
        connection.end_sending()
        assert connection.rest() == b""
