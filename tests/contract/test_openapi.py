"""openapi.json itself: whole, and about the routes that the server has, no more and no fewer."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest

from harness.contract import CONTRACT_FILE, contract, mistakes_of, resolve

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
DOOR = CONTRACT_FILE.with_name("door.cpp")


def operations():
    for path, item in contract()["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, {**operation, "parameters": item.get("parameters", []) + operation.get("parameters", [])}


def routes_in_source():
    """The table of routes as the code has it."""
    source = DOOR.read_text()
    lines = re.findall(r'Verb::(\w+), "(/[^"]*)"', source) + re.findall(r'\.verb = Verb::(\w+), \.pattern = "(/[^"]*)"', source)
    return {(path, {"del": "delete"}.get(verb, verb)) for verb, path in lines}


def test_every_route_is_in_the_contract_and_the_reverse():
    assert routes_in_source() == {(path, method) for path, method, _ in operations()}


def test_the_server_allows_the_methods_of_the_contract(server):
    with server.api(server.key) as api:
        for path in contract()["paths"]:
            methods = {method.upper() for at, method, _ in operations() if at == path}
            allowed = api.options(re.sub(r"\{\w+\}", "0", path)).headers["Allow"]
            assert set(allowed.split(", ")) == methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_leads_somewhere_and_nothing_is_left_over():
    used = set(references(contract()))
    for reference in used:
        resolve({"$ref": reference})
    schemes = contract()["components"]["securitySchemes"].keys()
    there = {f"#/components/{section}/{name}" for section, entries in contract()["components"].items() if section != "securitySchemes" for name in entries}
    assert used == there and schemes == {"bearer"}


def test_operations_have_names_of_their_own_and_links_lead_to_them():
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    assert {link["operationId"] for link in contract()["components"]["links"].values()} <= set(names)


def test_path_parameters_are_those_of_the_path():
    for path, method, operation in operations():
        declared = {parameter["name"] for parameter in map(resolve, operation["parameters"]) if parameter["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path)), (method, path)


def test_every_schema_is_a_schema():
    for name, schema in contract()["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_request_bodies_are_closed_and_bounded():
    for _, _, operation in operations():
        if "requestBody" in operation:
            body = resolve(operation["requestBody"]["content"]["application/json"]["schema"])
            check_bounded(body, operation["operationId"])


def check_bounded(schema, where):
    schema = resolve(schema)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if "object" in types:
        assert schema.get("additionalProperties") is False, where
        for name, value in schema.get("properties", {}).items():
            check_bounded(value, f"{where}.{name}")
    if "array" in types:
        assert "maxItems" in schema, where
        check_bounded(schema["items"], f"{where}[]")
    if "string" in types:
        assert "maxLength" in schema or "enum" in schema, where
    if "integer" in types or "number" in types:
        assert "minimum" in schema and "maximum" in schema, where
    for part in schema.get("anyOf", []):
        check_bounded(part, where)


# Read leniently, as HTTP wants it; the bound of the whole head is theirs.
UNBOUNDED_FIELDS = {"If-None-Match", "If-Range", "Range", "Accept-Encoding", "Prefer", "traceparent"}


def test_parameters_are_bounded():
    for path, method, operation in operations():
        for parameter in map(resolve, operation["parameters"]):
            if parameter["name"] in UNBOUNDED_FIELDS:
                assert parameter["in"] == "header"
                continue
            check_bounded(parameter["schema"], f"{method} {path} {parameter['name']}")


def test_examples_are_valid():
    checked = 0
    for path, method, operation in operations():
        where = (method, path)
        for parameter in map(resolve, operation["parameters"]):
            if "example" in parameter:
                assert not mistakes_of(parameter["schema"], parameter["example"]), (where, parameter["name"])
                checked += 1
        if "requestBody" in operation:
            media = operation["requestBody"]["content"]["application/json"]
            for name, example in media["examples"].items():
                assert not mistakes_of(media["schema"], example["value"]), (where, name)
                checked += 1
        for status, response in operation["responses"].items():
            for media in resolve(response).get("content", {}).values():
                if "example" in media:
                    mistakes = mistakes_of(media["schema"], media["example"])
                    assert not mistakes, (where, status, mistakes)
                    checked += 1
    assert checked > 30


@pytest.mark.parametrize("name", ["Submission", "BatchStatusRequest"])
def test_what_the_contract_refuses_the_server_refuses_by_name(name):
    assert mistakes_of({"$ref": f"#/components/schemas/{name}"}, {"no_such_member": 1})


def test_the_file_is_as_the_formatter_would_write_it():
    text = Path(CONTRACT_FILE).read_text()
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
