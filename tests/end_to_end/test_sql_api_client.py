"""A client of Snowflake's SQL API that we did not write (PyPI: snowflake-sql-api), unchanged, with a key pair and authentication on.

It speaks https to a host; what carries its requests here is plain, as the test has no certificate.
"""

import datetime
import io
import subprocess
from decimal import Decimal

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from snowflake_sql_api import SnowflakeAuthError, SnowflakeClient, SnowflakeProgrammingError
from snowflake_sql_api.exceptions import ResultNotReady

from harness.server import Server
from harness.statements import ENDLESS, numbers
from harness.waiting import until


class Plain(httpx.HTTPTransport):
    def handle_request(self, request):
        request.url = request.url.copy_with(scheme="http")
        return super().handle_request(request)


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from conftest import end
    server = Server(tmp_path_factory.mktemp("client"), {"authentication.enabled": True})
    server.private_key = new_key()
    public = server.directory / "ann.pub"
    public.write_bytes(server.private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    subprocess.run([str(server.binary), "key", "register", "--public-key", str(public), "ann", "--data", str(server.data)],
                   check=True, capture_output=True, timeout=60)
    yield server.start()
    end(server)


def client_of(server, key, **more):
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    host = server.url.removeprefix("http://")
    return SnowflakeClient("myorg-myaccount", "ann", private_key=pem, host=host, warehouse="main", database="DB",
                           http_client=httpx.Client(transport=Plain(), timeout=90), poll_interval=0.05, **more)


@pytest.fixture(scope="module")
def client(server):
    with client_of(server, server.private_key) as made:
        yield made


def test_rows_come_in_the_types_of_python(client):
    assert client.query("SELECT 1 AS i, 12.30::DECIMAL(10,2) AS d, 0.5::DOUBLE AS r, true AS b, 'x' AS t, DATE '2020-01-01' AS day, "
                        "TIME '23:01:59' AS at, TIMESTAMP '2021-03-19 17:06:59.000001' AS ts, '\\xDE\\xAD'::BLOB AS bin, [1, 2] AS l, NULL AS n") == [{
        "i": 1, "d": Decimal("12.30"), "r": 0.5, "b": True, "t": "x", "day": datetime.date(2020, 1, 1), "at": datetime.time(23, 1, 59),
        "ts": datetime.datetime(2021, 3, 19, 17, 6, 59, 1), "bin": b"\xde\xad", "l": [1, 2], "n": None}]
    assert client.query_scalar("SELECT CURRENT_USER()") == "ANN"


VALUES = [7, -(10**38 - 1), Decimal("12.30"), 0.1, True, "it's \u017e", b"\x00\xff", datetime.date(1969, 12, 31),
          datetime.time(1, 2, 3, 4), datetime.datetime(1969, 12, 31, 23, 59, 59, 999999), None]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_bound_comes_back(client, value):
    assert client.query_scalar("SELECT ?", [value]) == value


def test_all_partitions_are_read(client):
    rows = sum(1 for row in client.query_stream(numbers(300_000)))
    assert rows == 300_000
    out = io.StringIO()
    assert client.export_csv(numbers(100_000), out) == 100_000
    assert out.getvalue().splitlines()[-1] == "99999"


def test_dml_says_how_many_rows(client):
    client.execute("CREATE OR REPLACE TABLE client_dml (n INTEGER, s VARCHAR)")
    assert client.insert_many("client_dml", ["n", "s"], [[1, "a"], [2, None], [3, "c"]]) == 3
    assert client.execute("UPDATE client_dml SET s = ? WHERE n > ?", ["x", 1]) == 2
    assert client.execute("DELETE FROM client_dml") == 3


def test_submit_poll_and_cancel(client):
    handle = client.submit(numbers(3))
    assert [row["n"] for row in handle.result()] == [0, 1, 2]
    assert handle.status() == "SUCCESS"
    endless = client.submit(ENDLESS)
    assert endless.status() == "RUNNING"
    with pytest.raises(ResultNotReady):
        endless.result(poll=False)
    endless.cancel()
    with pytest.raises(SnowflakeProgrammingError) as canceled:
        until(lambda: endless.status() != "RUNNING", "the end")
    assert (canceled.value.code, canceled.value.sql_state) == ("000604", "57014")


def test_a_failure_is_the_exception_that_it_should_be(client):
    with pytest.raises(SnowflakeProgrammingError) as failed:
        client.query("SELECT * FROM not_there")
    assert (failed.value.code, failed.value.sql_state) == ("002003", "42S02") and failed.value.statement_handle


def test_another_key_does_not_come_in(server):
    with client_of(server, new_key()) as stranger, pytest.raises(SnowflakeAuthError) as refused:
        stranger.query("SELECT 1")
    assert refused.value.code == "390144"
