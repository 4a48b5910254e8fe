"""docs/openapi.yaml says what the program does: the routes are the same; every other story holds its answers to the schemas."""
import json
import re

import jsonschema
from quire_program import SOURCE_ROOT, quire

import description

METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


def described_routes():
    return {(method.upper(), path) for path, item in description.document()["paths"].items()
            for method in item if method in METHODS}


def operations():
    for path, item in description.document()["paths"].items():
        for method in METHODS & item.keys():
            yield f"{method} {path}", item[method] | {"parameters": item.get("parameters", []) + item[method].get("parameters", [])}


def test_every_route_is_described_and_nothing_else():
    policy = json.loads(quire("policy", "--json").stdout)
    # A path's last parameter may hold slashes, which OpenAPI has no sign for.
    routes = {(route["method"], route["path"].replace("...}", "}")) for route in policy["routes"]}
    assert described_routes() == routes


def test_routes_that_need_no_credentials_say_so():
    policy = json.loads(quire("policy", "--json").stdout)
    for route in policy["routes"]:
        item = description.document()["paths"][route["path"].replace("...}", "}")][route["method"].lower()]
        is_open = "security" in item and (item["security"] == [] or {} in item["security"])
        assert is_open == (route["access"] in ("public", "signed", "metrics")), route


def test_server_sends_what_the_command_prints(server):
    assert server.anonymous().get("/openapi.json").json == json.loads(quire("openapi").stdout)


def test_every_operation_has_what_readers_need():
    ids = set()
    for name, described in operations():
        assert described["summary"] and described["tags"] and described["operationId"] not in ids, name
        ids.add(described["operationId"])
        in_path = {p["name"] for p in map(description.resolve, described["parameters"]) if p["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", name)), name


def test_every_reference_leads_somewhere_and_every_part_is_used():
    text = json.dumps(description.document())
    used = set(re.findall(r'"\$ref": "#/components/(\w+/\w+)"', text))
    parts = {f"{kind}/{name}" for kind, members in description.document()["components"].items() for name in members
             if kind != "securitySchemes"}
    assert used == parts


def test_every_schema_is_valid_and_takes_its_examples():
    for name, schema in description.document()["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", []):
            description.check_schema(schema, example, name)
    for name, described in operations():
        for media_type in described.get("requestBody", {}).get("content", {}).values():
            if "example" in media_type:
                description.check_schema(media_type["schema"], media_type["example"], name)


def test_analysis_is_the_schema_of_the_analysts():
    def bare(value):
        if isinstance(value, dict):
            return {name: bare(inner) for name, inner in value.items()
                    if name not in ("description", "$schema", "title")}
        return [bare(inner) for inner in value] if isinstance(value, list) else value
    own = json.loads((SOURCE_ROOT / "docs" / "analysis.schema.json").read_text())
    assert bare(description.document()["components"]["schemas"]["Analysis"]) == bare(own)


def described_codes(schema):
    return set(description.document()["components"]["schemas"][schema]["properties"]["code"]["enum"])


def test_every_code_is_explained_and_no_other():
    sections = re.split(r"^## ", (SOURCE_ROOT / "docs" / "api.md").read_text(), flags=re.MULTILINE)
    text = "".join(section for section in sections if section.startswith("Errors"))
    rows = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    kinds = set(re.findall(r"`(\w+)`", text.rpartition("the code says its kind")[2]))
    assert rows | kinds == described_codes("Problem") | described_codes("DocumentError")
