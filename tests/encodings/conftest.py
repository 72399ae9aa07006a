import pathlib
import subprocess

import pytest


def pytest_addoption(parser):
    parser.addoption("--samples", required=True, help="the folder that rows_sample has written")


@pytest.fixture(scope="session")
def samples(request):
    return pathlib.Path(request.config.getoption("--samples"))


@pytest.fixture(scope="session")
def node_modules():
    tool = pathlib.Path(__file__).resolve().parents[2] / "tools" / "install-dependencies"
    prefix = subprocess.run([tool, "--prefix"], check=True, capture_output=True, text=True).stdout.strip()
    return pathlib.Path(prefix) / "test-node" / "node_modules"
