"""A gate between drivers and the server that can let a session token expire."""

import json

from harness import gate

# The answer to a request whose session token has expired, as src/api/snowflake_driver/envelope.cpp writes it.
EXPIRED = json.dumps({"data": None, "code": "390112", "message": "Your session has expired. Please login again.",
                      "success": False, "headers": None}).encode()


class Gate(gate.Gate):
    """`refused` has the path of each request that was answered as one with a token that has expired."""

    def __init__(self, server):
        super().__init__(server)
        self.refused = []
        self.expiring = None

    def expires(self, path):
        """The next request whose path has `path` in it is answered as one with a token that has expired, and goes no further."""
        self.expiring = path

    def answer(self, method, path, headers, body):
        if self.expiring is None or self.expiring not in path:
            return super().answer(method, path, headers, body)
        self.refused.append(path)
        self.expiring = None
        return 200, [("Content-Type", "application/json")], EXPIRED
