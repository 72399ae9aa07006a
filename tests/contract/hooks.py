"""What the contract cannot say in a schema, told to Schemathesis, so that what it takes for valid is."""

import schemathesis

# Two names of one status.
SAME = {"PENDING": "QUEUED", "CANCELLED": "CANCELED"}


def with_whole_numbers(value):
    """5.0 is an integer to JSON Schema; as JSON text it is none to the server."""
    if isinstance(value, dict):
        return {name: with_whole_numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [with_whole_numbers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@schemathesis.hook
def before_call(context, case, kwargs):
    if not case.meta or case.meta.generation.mode.name != "POSITIVE":
        return
    if isinstance(case.body, dict) and "statement" in case.body:
        # Warehouses are the operator's; limits of time are too, and these are within the defaults.
        case.body.pop("warehouse", None)
        for name in ("timeout", "result_ttl"):
            if case.body.get(name) is not None:
                case.body[name] = "10m"
        # Lengths are counted in bytes.
        if isinstance(case.body.get("query_tag"), str):
            case.body["query_tag"] = case.body["query_tag"].encode("ascii", "replace").decode()[:256]
        # A name may be given once.
        if isinstance(case.body.get("parameters"), list):
            for number, parameter in enumerate(case.body["parameters"]):
                if isinstance(parameter, dict) and isinstance(parameter.get("name"), str):
                    parameter["name"] = f"p{number}"
    case.body = with_whole_numbers(case.body)
    # Waits are for the other tests.
    if isinstance(case.body, dict) and case.body.get("wait") is not None:
        case.body["wait"] = "10ms"
    if case.query and "wait" in case.query:
        case.query["wait"] = "10ms"
    # A status is named once, under either of its names.
    if case.query and case.query.get("status"):
        given = case.query["status"]
        names = given.split(",") if isinstance(given, str) else given
        case.query["status"] = ",".join(dict.fromkeys(SAME.get(each, each) for each in names))
    # A token that nobody gave is valid to the schema only.
    if case.query:
        case.query.pop("page_token", None)
