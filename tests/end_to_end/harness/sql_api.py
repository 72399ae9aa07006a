"""Snowflake's SQL API for tests. Every response that passes through here is checked against SCHEMAS.

SCHEMAS says what Snowflake's published OpenAPI description (sqlapi.yaml, version 2.0.0) demands of each answer, in words of
our own. Whoever has that file can have every response checked against it as well: COATCHECK_SQLAPI_YAML=<path>.
"""

import functools
import gzip
import json
import os
import re
import uuid

import httpx
import jsonschema_rs

from .waiting import until

STATEMENTS = "/api/v2/statements"
HANDLE = {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"}
TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
URL = {"type": "string", "pattern": "^/api/v2/statements/[0-9a-f-]{36}(\\?.*)?$"}
ABOUT = {"code": {"type": "string", "pattern": "^[0-9]{6}$"}, "sqlState": {"type": "string", "pattern": "^[0-9A-Z]{5}$"},
         "message": {"type": "string", "minLength": 1}, "statementHandle": HANDLE, "createdOn": COUNT, "statementStatusUrl": URL}
# What the description names but no more: members that it does not name are listed where we send them.
COLUMN = {
    "type": "object",
    "properties": {"name": TEXT, "type": {"enum": ["fixed", "real", "text", "boolean", "date", "time", "timestamp_ntz", "timestamp_ltz",
                                                   "timestamp_tz", "binary", "variant", "array", "object"]},
                   "length": COUNT, "precision": COUNT, "scale": COUNT, "nullable": {"type": "boolean"},
                   "database": TEXT, "schema": TEXT, "table": TEXT, "byteLength": {"type": ["integer", "null"]}, "collation": {"type": "null"}},
    "required": ["name", "type", "length", "precision", "scale", "nullable"],
    "additionalProperties": False,
}
DATA = {"type": "array", "items": {"type": "array", "items": {"type": ["string", "null"]}}}
RESULT_SET = {
    "type": "object",
    "properties": {
        **ABOUT, "requestId": TEXT, "data": DATA, "statementHandles": {"type": "array", "minItems": 2, "items": HANDLE},
        "resultSetMetaData": {
            "type": "object",
            "properties": {
                "format": {"const": "jsonv2"}, "numRows": COUNT, "rowType": {"type": "array", "minItems": 1, "items": COLUMN},
                "partitionInfo": {"type": "array", "minItems": 1, "items": {
                    "type": "object", "properties": {"rowCount": COUNT, "uncompressedSize": COUNT, "compressedSize": COUNT},
                    "required": ["rowCount", "uncompressedSize"], "additionalProperties": False}},
                "nullable": {"const": False},
            },
            "required": ["format", "numRows", "rowType", "partitionInfo"],
            "additionalProperties": False,
        },
        "stats": {"type": "object", "additionalProperties": False,
                  "properties": {name: COUNT for name in ("numRowsInserted", "numRowsUpdated", "numRowsDeleted", "numDuplicateRowsUpdated")}},
    },
    "required": ["code", "sqlState", "message", "statementHandle", "createdOn", "statementStatusUrl", "resultSetMetaData", "data"],
    "additionalProperties": False,
}
PARTITION = {"type": "object", "properties": {"data": DATA}, "required": ["data"], "additionalProperties": False}


def status(*required):
    return {"type": "object", "properties": ABOUT, "required": ["code", "message", *required], "additionalProperties": False}


ERROR = status()
FAILURE = status("sqlState", "statementHandle")
PROGRESS = status("statementHandle", "statementStatusUrl", "createdOn")
COMMON = {400: ERROR, 401: ERROR, 429: ERROR, 500: ERROR, 503: ERROR}
SCHEMAS = {
    "submit": {**COMMON, 200: RESULT_SET, 202: PROGRESS, 408: PROGRESS, 415: ERROR, 422: FAILURE},
    "status": {**COMMON, 200: RESULT_SET, 202: PROGRESS, 422: FAILURE},
    "partition": {**COMMON, 200: PARTITION, 202: PROGRESS, 422: FAILURE},
    "cancel": {**COMMON, 200: status("sqlState", "statementHandle"), 422: FAILURE},
}


def operation_of(request):
    path = request.url.path
    if request.method == "POST" and path == STATEMENTS:
        return "submit"
    if request.method == "POST" and re.fullmatch(STATEMENTS + "/[^/]+/cancel", path):
        return "cancel"
    if request.method == "GET" and re.fullmatch(STATEMENTS + "/[^/]+", path):
        return "partition" if request.url.params.get("partition", "0") != "0" else "status"
    return None


@functools.cache
def published():
    """The paths of Snowflake's own file with its schemas as JSON Schema; None without the file."""
    file = os.environ.get("COATCHECK_SQLAPI_YAML")
    if not file:
        return None
    import yaml

    def plain(node):
        if isinstance(node, list):
            return [plain(each) for each in node]
        if not isinstance(node, dict):
            return node
        node = {name: plain(value) for name, value in node.items() if name != "example"}
        # As a keyword it is true; a property may have that name too.
        if node.get("nullable") is True:
            node["type"] = [node["type"], "null"]
        # Its own server answers with a path where it says URI.
        if node.get("format") == "uri":
            del node["format"]
        return node

    with open(file) as text:
        return plain(yaml.safe_load(text))


def published_mistakes(operation, response):
    path = {"submit": STATEMENTS, "cancel": STATEMENTS + "/{statementHandle}/cancel"}.get(operation, STATEMENTS + "/{statementHandle}")
    described = published()["paths"][path]["get" if operation in ("status", "partition") else "post"]["responses"]
    answer = described.get(str(response.status_code))
    if answer is None:
        return [f"no status {response.status_code}"]
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return []
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": published()["components"]}, validate_formats=True)
    return [error.message for error in validator.iter_errors(response.json())]


def check_response(request, response):
    operation = operation_of(request)
    if operation is None:
        return
    where = f"{request.method} {request.url} → {response.status_code}"
    schema = SCHEMAS[operation].get(response.status_code)
    assert schema is not None, f"{where}: no such status is described: {response.text[:500]}"
    assert response.headers["Content-Type"] == "application/json", where
    mistakes = [f"{'/'.join(map(str, error.instance_path))}: {error.message}"
                for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(response.json())]
    if published():
        mistakes += published_mistakes(operation, response)
    assert not mistakes, f"{where}: {mistakes[:5]}\n{response.text[:1000]}"
    assert ("Link" in response.headers) == (response.status_code == 200 and operation != "cancel"), where


class SqlApi(httpx.Client):
    def __init__(self, url, token=None, token_type=None):
        fields = {"User-Agent": "coatcheck-tests/1.0"}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        if token_type:
            fields["X-Snowflake-Authorization-Token-Type"] = token_type
        super().__init__(base_url=url, headers=fields, timeout=120)

    def send(self, request, *, stream=False, **more):
        response = super().send(request, stream=stream, **more)
        if not stream:
            check_response(request, response)
        return response

    def submit(self, statement, query=None, **members):
        return self.post(STATEMENTS, json={"statement": statement, **members}, params={"requestId": str(uuid.uuid4()), **(query or {})})

    def run(self, statement, query=None, **members):
        """Submits a statement and returns the body of the answer; it must have succeeded."""
        response = self.submit(statement, query, **members)
        assert response.status_code == 200, response.text
        body = response.json()
        assert (body["code"], body["sqlState"], body["message"]) == ("090001", "00000", "Statement executed successfully.")
        return body

    def start(self, statement, **members):
        """Submits a statement asynchronously and returns its handle."""
        response = self.submit(statement, {"async": "true"}, **members)
        assert response.status_code == 202 and response.json()["code"] == "333334", response.text
        return response.json()["statementHandle"]

    def look(self, handle, **query):
        return self.get(f"{STATEMENTS}/{handle}", params=query)

    def ended(self, handle):
        """Polls until the statement has ended, as clients do; returns the last answer."""
        def ask():
            response = self.look(handle)
            return response if response.status_code != 202 else None
        return until(ask, f"statement {handle} to end")

    def cancel(self, handle):
        return self.post(f"{STATEMENTS}/{handle}/cancel")


def links_of(response):
    """The Link field as relation → path."""
    return {relation: url for url, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', response.headers["Link"])}


def raw_json(url, headers=None):
    """Fetches a URL without undoing its coding; returns (headers, document)."""
    with httpx.stream("GET", url, headers=headers, timeout=60) as response:
        body = b"".join(response.iter_raw())
        assert response.status_code == 200
        coded = response.headers.get("Content-Encoding") == "gzip"
        return response.headers, json.loads(gzip.decompress(body) if coded else body)
