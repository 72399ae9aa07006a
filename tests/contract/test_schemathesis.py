"""Schemathesis over the live server: whatever openapi.json allows is taken, whatever it does not is refused, and every
answer is one that it describes."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS_MAX = 240

CONFIG = """
seed = 20261122
workers = 1
request-timeout = 30.0
hooks = "hooks.py"
{auth}

[generation]
max-examples = {examples}
database = "none"
# A body that is text where JSON is wanted, and the like: yes. Bytes that HTTP itself forbids: no.
allow-x00 = false

# Not TRACE: to this server it is a method that it does not know, which is 501 (RFC 9110 15.6.2).
[phases.coverage]
unexpected-methods = ["GET", "PUT", "POST", "DELETE", "PATCH"]

[phases.stateful]
generation.max-examples = 20

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "404"]

# A query that was deleted stays in the history, by design.
[checks.use_after_free]
enabled = false

# The path is also one of /v1/queries/{{id}}, whose methods it therefore has.
[[operations]]
include-operation-id = "batchStatus"
checks.allow_header_conformance.enabled = false
checks.unsupported_method.enabled = false

# What a result or an Idempotency-Key answers depends on what was there before.
[[operations]]
include-operation-id = ["getResult", "listChunks", "getChunk"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "304", "404", "409", "410", "416", "422", "502"]

[[operations]]
include-operation-id = "submitQuery"
checks.positive_data_acceptance.expected-statuses = ["2xx", "422", "429"]
"""


def test_the_server_keeps_its_contract(server, tmp_path):
    auth = f'[auth.openapi.bearer]\nbearer = "{server.key}"' if server.key else ""
    (tmp_path / "hooks.py").write_text((HERE / "hooks.py").read_text())
    (tmp_path / "schemathesis.toml").write_text(CONFIG.format(auth=auth, examples=25))
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", "schemathesis.toml", "run", f"{server.url}/openapi.json",
               "--continue-on-failure", "--no-color", "--suppress-health-check", "all"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS_MAX)
    print(done.stdout[-6000:])
    assert done.returncode == 0, done.stdout[-30000:] + done.stderr[-3000:]
