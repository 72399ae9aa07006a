"""The native API for tests. Every response that passes through here is checked against openapi.json."""

import re

import httpx

from .contract import check_response
from .waiting import until

FINAL = {"SUCCEEDED", "FAILED", "CANCELED"}


class Api(httpx.Client):
    def __init__(self, url, key=None, **options):
        fields = {"Authorization": f"Bearer {key}"} if key else {}
        # Requests say for themselves how they want their answer coded.
        super().__init__(base_url=url, headers={**fields, "Accept-Encoding": "identity"}, timeout=90, **options)

    def send(self, request, *, stream=False, **more):
        response = super().send(request, stream=stream, **more)
        if not stream:
            check_response(request, response)
        return response

    def submit(self, statement, expect=202, headers=None, **members):
        """Submits a statement and returns the query object of the answer."""
        response = self.post("/v1/queries", json={"statement": statement, **members}, headers=headers)
        assert response.status_code == expect, response.text
        return response.json()

    def run(self, statement, **members):
        """Submits a statement and returns its query object once it has succeeded."""
        query = self.ended(self.submit(statement, **members)["id"])
        assert query["status"] == "SUCCEEDED", query
        return query

    def status(self, id, **parameters):
        response = self.get(f"/v1/queries/{id}", params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def await_status(self, id, *wanted):
        """Waits until the query's status is one of `wanted`; another final one is a failure."""
        def look():
            query = self.status(id)
            assert query["status"] in wanted or query["status"] not in FINAL, query
            return query if query["status"] in wanted else None
        return until(look, f"query {id} to be {' or '.join(wanted)}")

    def running(self, statement, **members):
        """Submits a statement and returns its query object once it runs."""
        return self.await_status(self.submit(statement, **members)["id"], "RUNNING")

    def ended(self, id):
        """Waits for the query's end."""
        return self.await_status(id, *FINAL)

    def cancel(self, id):
        response = self.post(f"/v1/queries/{id}/cancel")
        assert response.status_code in (200, 202), response.text
        return response.json()

    def result(self, id, **parameters):
        response = self.get(f"/v1/queries/{id}/result", params=parameters)
        assert response.status_code == 200, response.text
        return response

    def items(self, id, **parameters):
        return self.result(id, format="json", **parameters).json()["items"]

    def history(self, **parameters):
        response = self.get("/v1/queries", params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def cancel_everything(self):
        """Leaves no query behind that has not ended."""
        unfinished = self.history(status="QUEUED,RUNNING,CANCELING", limit=1000)["queries"]
        for query in unfinished:
            self.cancel(query["id"])
        for query in unfinished:
            self.ended(query["id"])

    def metric(self, name, **labels):
        """The value of a measure; 0 if it has none yet."""
        for line in self.get("/metrics").text.splitlines():
            found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if found and found[1] == name:
                given = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
                if given == labels:
                    return float(found[3])
        return 0.0
