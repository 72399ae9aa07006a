"""The attacks of Debian's slowhttptest: the server stays available, as the tool sees it and as another client does."""

import csv
import re
import shutil
import subprocess

import pytest

from bystander import Bystander
from harness.waiting import until

CONNECTIONS = 400
SECONDS = 5
SHORT = {"limits.header_timeout": "2s", "limits.body_timeout": "2s", "limits.write_timeout": "2s", "limits.idle_timeout": "2s"}


@pytest.fixture
def attack(start_server, tmp_path):
    """Runs the tool against a server with short limits and returns that server, once all is over."""
    program = shutil.which("slowhttptest")
    assert program, "slowhttptest is not here; tools/install-dependencies --test installs it"
    server = start_server(settings=SHORT)
    with server.api() as api:
        url = api.run("SELECT md5(range::VARCHAR) AS n FROM range(500000)")["result"]["url"]
    result = f"{url}?format=arrow"

    def run(*options, path="/healthz"):
        with Bystander(server):
            done = subprocess.run(
                [program, *options, "-c", str(CONNECTIONS), "-r", str(CONNECTIONS), "-l", str(SECONDS), "-p", "3",
                 "-v", "1", "-g", "-o", str(tmp_path / "attack"), "-u", server.url + path],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, text=True)
        said = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", done.stdout)
        assert done.returncode == 0, said
        assert re.findall(r"Exit status: (.*)", said)[0] in ("Hit test time limit", "No open connections left"), said
        # Of a large answer the tool's own probe may not get all in time; the bystander asks for a small one.
        if path != result:
            assert set(re.findall(r"service available: +(\w+)", said)) == {"YES"}, said
        seconds = list(csv.DictReader((tmp_path / "attack.csv").open()))
        assert max(int(second["Connected"]) + int(second["Closed"]) for second in seconds) == CONNECTIONS, seconds
        return server

    run.result = result
    return run


def assert_all_are_gone(server):
    with server.api() as api:
        until(lambda: api.metric("coatcheck_http_connections") == 1, "the connections to end")
        assert api.run("SELECT 1")


def test_slow_headers(attack):
    assert_all_are_gone(attack("-H", "-i", "1", "-x", "10"))


def test_slow_bodies(attack):
    server = attack("-B", "-i", "1", "-x", "10", "-s", "8192", "-f", "application/json", path="/v1/queries")
    assert_all_are_gone(server)


def test_ranges(attack):
    assert_all_are_gone(attack("-R", "-a", "5", "-b", "3000", "-t", "GET", path=attack.result))


def test_slow_readers(attack):
    # Windows of some bytes, emptied a few bytes at a time.
    server = attack("-X", "-n", "1", "-w", "10", "-y", "20", "-z", "5", "-k", "1", path=attack.result)
    assert_all_are_gone(server)
    with server.api() as api:
        assert api.metric("coatcheck_http_bodies_cut_total") > 0
