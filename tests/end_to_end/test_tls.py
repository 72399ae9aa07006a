"""HTTPS: the service through TLS, clients' certificates, and files that change under a running server."""

import json
import shutil
import socket
import ssl
import subprocess

import httpx
import pytest

from harness.authority import Authority
from harness.server import DidNotStart
from harness.statements import ENDLESS
from harness.waiting import until

ROWS = 300_000  # More than two chunks.


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def files(authority, tmp_path):
    """A server's certificate and key, as settings."""
    for source, name in zip(authority.issue("first"), ("server.crt", "server.key")):
        shutil.copy(source, tmp_path / name)
    return {"tls.certificate": str(tmp_path / "server.crt"), "tls.key": str(tmp_path / "server.key")}


def trust(authority, certificate=None, key=None):
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


def api_of(server, context):
    return server.api(verify=context)


def name_shown(server, authority):
    """The name in the certificate that a new connection is shown."""
    host, port = server.url.removeprefix("https://").rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as plain:
        with trust(authority).wrap_socket(plain, server_hostname=host) as secure:
            return dict(pair[0] for pair in secure.getpeercert()["subject"])["commonName"]


def replace(files, certificate=None, key=None):
    """As an operator does it: one file after the other, each renamed to its name."""
    for source, name in ((certificate, "tls.certificate"), (key, "tls.key")):
        if source:
            shutil.copy(source, files[name] + ".new")
            shutil.move(files[name] + ".new", files[name])


def run_client(server, *arguments, **environment):
    return subprocess.run([str(server.binary), *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env={"COATCHECK_SERVER": server.url, **environment})


# --- the service ------------------------------------------------------------------------------------


def test_a_query_is_submitted_awaited_followed_and_claimed(start_server, authority, files):
    server = start_server(files)
    assert server.url.startswith("https://")
    with api_of(server, trust(authority)) as api:
        query = api.submit(f"SELECT range AS n, 'row ' || range AS s FROM range({ROWS}) ORDER BY n")
        waited = api.ended(query["id"])
        assert waited["status"] == "SUCCEEDED"
        with api.stream("GET", f"/v1/queries/{query['id']}/events") as events:
            data = [json.loads(line.removeprefix("data:")) for line in events.iter_lines() if line.startswith("data:")]
        assert data[-1]["status"] == "SUCCEEDED"
        url = waited["result"]["url"]
        lines = api.get(url, params={"format": "ndjson"}).text.splitlines()
        assert len(lines) == ROWS and json.loads(lines[-1]) == {"n": ROWS - 1, "s": f"row {ROWS - 1}"}

        # As a file and in ranges, byte for byte.
        whole = api.get(url, params={"format": "arrow"}).content
        parts = [api.get(url, params={"format": "arrow"}, headers={"Range": f"bytes={first}-{first + 499_999}"}).content
                 for first in range(0, len(whole), 500_000)]
        assert b"".join(parts) == whole
        assert api.get(url, params={"format": "arrow"}).content == whole


def test_a_waiting_client_that_leaves_frees_its_place(start_server, authority, files):
    server = start_server(files)
    with api_of(server, trust(authority)) as api:
        query = api.running(ENDLESS)
        host, port = server.url.removeprefix("https://").rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=30) as plain:
            with trust(authority).wrap_socket(plain, server_hostname=host) as secure:
                secure.sendall(f"GET /v1/queries/{query['id']}?wait=50s HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                until(lambda: api.metric("coatcheck_waiters") == 1, "the client to wait")
        until(lambda: api.metric("coatcheck_waiters") == 0, "the client's place to be free")
        api.cancel_everything()


def test_a_driver_is_sent_to_addresses_of_https(start_server, authority, files):
    server = start_server(files)
    with httpx.Client(base_url=server.url, verify=trust(authority), timeout=60) as driver:
        login = {"data": {"LOGIN_NAME": "ann", "PASSWORD": "any", "ACCOUNT_NAME": "any", "CLIENT_APP_ID": "Go"}}
        token = driver.post("/session/v1/login-request", json=login).json()["data"]["token"]
        answer = driver.post("/queries/v1/query-request", params={"requestId": "01a2085c-438c-7055-bad1-a28f4731bc4f"},
                             headers={"Authorization": f'Snowflake Token="{token}"', "Accept": "application/snowflake"},
                             json={"sqlText": f"SELECT range AS n FROM range({ROWS})"}).json()
        addresses = [chunk["url"] for chunk in answer["data"]["chunks"]]
        assert addresses and all(address.startswith(server.url + "/") for address in addresses)
        assert all(driver.get(address).status_code == 200 for address in addresses)


def test_http_without_tls_is_told_so(start_server, authority, files):
    server = start_server(files)
    response = httpx.get(server.url.replace("https:", "http:") + "/healthz")
    assert response.status_code == 400 and "HTTPS" in response.json()["detail"]
    with api_of(server, trust(authority)) as api:
        assert api.metric("coatcheck_http_handshakes_failed_total") == 1


def test_a_client_must_show_a_certificate_where_one_is_asked_for(start_server, authority, files, tmp_path):
    clients = Authority(tmp_path, "clients")
    server = start_server({**files, "tls.client_ca": str(clients.certificate)})
    for context in (trust(authority), trust(authority, *authority.issue("mallory"))):
        with pytest.raises(httpx.TransportError), api_of(server, context) as api:
            api.get("/healthz")
    ann = clients.issue("ann")
    with api_of(server, trust(authority, *ann)) as api:
        assert api.items(api.run("SELECT 42 AS answer")["id"]) == [{"answer": 42}]

    refused = run_client(server, "submit", "--wait", "SELECT 42", "--ca-file", authority.certificate)
    assert refused.returncode != 0 and "certificate" in refused.stderr
    taken = run_client(server, "submit", "--wait", "SELECT 42", "--ca-file", authority.certificate,
                       "--client-certificate", ann[0], "--client-key", ann[1])
    assert taken.returncode == 0 and "42" in taken.stdout, taken.stderr


def test_the_command_line_trusts_the_authority_it_is_told_of(start_server, authority, files):
    server = start_server(files)
    stranger = run_client(server, "submit", "--wait", "SELECT 42")
    assert stranger.returncode != 0 and "not to be trusted" in stranger.stderr and "--ca-file" in stranger.stderr
    known = run_client(server, "submit", "--wait", "SELECT 42", COATCHECK_CA_FILE=str(authority.certificate))
    assert known.returncode == 0 and "42" in known.stdout, known.stderr
    absent = run_client(server, "submit", "SELECT 42", "--ca-file", "/there/is/no/such/file")
    assert absent.returncode != 0 and "/there/is/no/such/file" in absent.stderr


# --- files that change ------------------------------------------------------------------------------


def test_new_certificates_are_taken_by_a_running_server(start_server, authority, files):
    server = start_server(files)
    with api_of(server, trust(authority)) as before:
        assert before.get("/healthz").status_code == 200
        assert name_shown(server, authority) == "first"
        replace(files, *authority.issue("second"))
        server.await_log("tls_files_read_again")
        assert name_shown(server, authority) == "second"
        # The connection that was there goes on.
        assert before.get("/healthz").status_code == 200
        assert before.metric("coatcheck_http_handshakes_failed_total") == 0
    assert not server.log_events("tls_files_not_read")


def test_bad_new_certificates_leave_the_old_ones_in_use(start_server, authority, files):
    server = start_server(files)
    certificate, key = authority.issue("third")
    replace(files, certificate=certificate)
    told = server.await_log("tls_files_not_read")
    assert files["tls.key"] in told["error"] and "is not the key of the certificate" in told["error"]
    assert name_shown(server, authority) == "first"
    replace(files, key=key)
    server.await_log("tls_files_read_again")
    assert name_shown(server, authority) == "third"
    assert len(server.log_events("tls_files_not_read")) == 1


# --- the start --------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_used_stops_the_start_and_is_named(start_server, authority, files):
    _, other_key = authority.issue("other")
    for wrong, named, words in (
            ({"tls.certificate": "/there/is/no/such/file"}, "/there/is/no/such/file", "cannot be read"),
            ({"tls.key": str(other_key)}, str(other_key), "is not the key of the certificate"),
            ({"tls.key": files["tls.certificate"]}, files["tls.certificate"], "holds no private key"),
            ({"tls.client_ca": files["tls.key"]}, files["tls.key"], "holds no certificate")):
        with pytest.raises(DidNotStart) as refused:
            start_server({**files, **wrong})
        assert refused.value.exit_code == 1
        assert f"cannot start: {named}: {words}" in refused.value.log


def test_a_key_that_everybody_may_read_is_warned_of_and_never_written_down(start_server, files, tmp_path):
    key = tmp_path / "server.key"
    key.chmod(0o644)
    server = start_server(files)
    assert server.await_log("tls_key_readable_by_all")["file"] == str(key)
    secret = key.read_text().splitlines()[1]
    assert secret not in server.log_text()
