"""API keys, made by the program itself."""

import re
import subprocess

KEY = re.compile(r"\bcoat_[a-z2-7]{8}_[A-Za-z0-9_-]{43}")


def make_key(binary, data_directory, name, role="user"):
    """Returns the text of a new key of principal `name`."""
    command = [str(binary), "key", "create", name, "--role", role, "--data", str(data_directory)]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found = KEY.search(made.stdout)
    assert made.returncode == 0 and found, f"{' '.join(command)}: {made.returncode}\n{made.stdout}\n{made.stderr}"
    return found.group()
