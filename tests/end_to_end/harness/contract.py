"""openapi.json as a check: is a response one that the contract describes?

Objects are taken as closed here: what the server sends and the contract does not name is a mistake of one of them,
though clients are told to let it pass.
"""

import functools
import json
import re
from pathlib import Path

import jsonschema_rs

CONTRACT_FILE = Path(__file__).resolve().parents[3] / "src/api/native/openapi.json"


@functools.cache
def contract():
    return json.loads(CONTRACT_FILE.read_text())


def resolve(node):
    while isinstance(node, dict) and "$ref" in node:
        target = contract()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = {**target, **{name: value for name, value in node.items() if name != "$ref"}}
    return node


def closed(schema):
    """The schema with every object closed that it describes by its properties."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "allOf" in schema:
        # A part that is closed by itself would refuse the members of the others.
        parts = [{name: closed(value) for name, value in resolve(part).items()} for part in schema["allOf"]]
        return {**schema, "allOf": parts, "unevaluatedProperties": False}
    inner = {name: closed(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        inner["additionalProperties"] = False
    return inner


@functools.cache
def components():
    return {"schemas": {name: closed(schema) for name, schema in contract()["components"]["schemas"].items()}}


@functools.cache
def validator(schema_text):
    schema = {**closed(json.loads(schema_text)), "components": components()}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def mistakes_of(schema, value):
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator(json.dumps(schema)).iter_errors(value)]


@functools.cache
def path_patterns():
    """Paths as patterns, those without captures first."""
    patterns = []
    for path in sorted(contract()["paths"], key=lambda path: path.count("{")):
        text = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", path))
        patterns.append((re.compile(text), path))
    return patterns


def operation_of(method, path):
    """The operation and its path in the contract; None where there is none."""
    method = "get" if method == "HEAD" else method.lower()
    for pattern, name in path_patterns():
        if pattern.fullmatch(path):
            return contract()["paths"][name].get(method), name
    return None, None


def header_value(schema, text):
    if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    return text


def check_response(request, response):
    """Fails if the contract does not describe this response to this request."""
    path = request.url.raw_path.decode().partition("?")[0]
    where = f"{request.method} {request.url.raw_path.decode()[:200]} → {response.status_code}"
    operation, name = operation_of(request.method, path)
    if operation is None:
        # Paths and methods that are not there: the contract says so in words.
        assert response.status_code in (204, 404, 405, 501), f"{where}: not in the contract"
        return
    described = operation["responses"].get(str(response.status_code))
    assert described is not None, f"{where}: the contract has no such status for {name}: {response.text[:500]}"
    described = resolve(described)

    for field, header in described.get("headers", {}).items():
        header = resolve(header)
        given = response.headers.get(field)
        if given is None:
            assert not header.get("required", False), f"{where}: {field} is missing"
            continue
        schema = resolve(header["schema"])
        mistakes = mistakes_of(schema, header_value(schema, given))
        assert not mistakes, f"{where}: {field}: {given!r}: {mistakes}"
    for field in ("ETag", "Location", "Link", "Retry-After", "WWW-Authenticate", "Allow", "Coatcheck-Total-Rows", "Idempotency-Replayed"):
        assert field not in response.headers or field in described.get("headers", {}), f"{where}: {field} is not in the contract"

    content = described.get("content")
    if request.method == "HEAD" or content is None:
        assert response.content == b"", f"{where}: a body that the contract does not have"
        return
    media_type = response.headers["Content-Type"].partition(";")[0]
    assert media_type in content, f"{where}: {media_type} is not in the contract"
    if media_type.endswith("json") and media_type != "application/x-ndjson":
        mistakes = mistakes_of(content[media_type]["schema"], response.json())
        assert not mistakes, f"{where}: {mistakes}\n{response.text[:1000]}"
