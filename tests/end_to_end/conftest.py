import pytest

from harness.fixtures import api, end, pytest_runtest_makereport, server, shared_server, start_server  # noqa: F401
from harness.sql_api import SqlApi


@pytest.fixture
def sql(server):
    with SqlApi(server.url) as client:
        yield client
