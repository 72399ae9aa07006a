"""Session tokens are good for an hour. When one has expired (390112), the driver gets another by itself and goes on.

No test waits an hour: a gate in front of the server answers one request as the server would then. All else is the server's: the
new tokens, and the answer to the request that comes again.
"""

from contextlib import contextmanager

import pytest

from drivers import Connections
from gate import Gate
from harness.statements import numbers

RENEWAL = "/session/token-request"


@pytest.fixture(scope="module")
def gate(shared_server):
    with Gate(shared_server) as opened:
        yield opened


@pytest.fixture(scope="module")
def connections(gate, tmp_path_factory):
    with Connections(gate, tmp_path_factory.mktemp("connections")) as opened:
        yield opened


@contextmanager
def expired_token(gate, path):
    """The next request whose path has this in it comes with a token that has expired. It must come, and one renewal after it."""
    refused, renewals = len(gate.refused), gate.passed.count(RENEWAL)
    gate.expires(path)
    yield
    assert len(gate.refused) == refused + 1, "no request came that could be refused"
    assert gate.passed.count(RENEWAL) == renewals + 1


def times_in_history(api, statement):
    return [query["statement"] for query in api.history(limit=100)["queries"]].count(statement)


def test_a_statement_runs_once(driver, connection, gate, api):
    statement = f"SELECT 'after a renewal for {driver}' AS t"
    with expired_token(gate, "/queries/v1/query-request"):
        assert connection("run", statement)["rows"] == [[f"after a renewal for {driver}"]]
    assert times_in_history(api, statement) == 1


def test_a_statement_is_submitted_once(driver, connection, gate, api):
    statement = f"SELECT 'submitted after a renewal for {driver}' AS t"
    with expired_token(gate, "/queries/v1/query-request"):
        id = connection("submit", statement)
    assert api.ended(id)["status"] == "SUCCEEDED"
    assert times_in_history(api, statement) == 1


@pytest.mark.needs("renewal at status")
def test_a_status(connection, gate, api):
    id = connection("submit", numbers(3))
    api.ended(id)
    with expired_token(gate, "/monitoring/queries"):
        assert connection("status", id) == "SUCCESS"


@pytest.mark.needs("renewal at status")
def test_results(connection, gate, api):
    id = connection("submit", numbers(3))
    api.ended(id)
    with expired_token(gate, id):
        assert connection("results", id)["rows"] == [["0"], ["1"], ["2"]]
