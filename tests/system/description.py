"""docs/openapi.yaml as tests use it: every answer is held to it."""
import functools
import json
import re

import jsonschema
from quire_program import quire
from urllib.parse import urlsplit


@functools.cache
def document():
    """What the program itself says it does, made strict: a member that is not described is a failure."""
    done = quire("openapi")
    assert done.returncode == 0, done.stderr
    return make_strict(json.loads(done.stdout))


def make_strict(value):
    if isinstance(value, list):
        return [make_strict(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    strict = {name: make_strict(inner) for name, inner in value.items()}
    if strict.get("type") == "object" and "properties" in strict:
        strict.setdefault("additionalProperties", False)
    return strict


@functools.cache
def templates():
    """(regular expression of the path, path) of every path; those without parameters come first."""
    def pattern(path):
        names = path.split("/")
        # The key of a blob has slashes of its own.
        parts = [".+" if name == "{key}" else "[^/]+" if name.startswith("{") else re.escape(name) for name in names]
        return re.compile("/".join(parts) + "$")
    return [(pattern(path), path) for path in sorted(document()["paths"], key=lambda path: path.count("{"))]


def resolve(value):
    """Follows a reference within the document."""
    while "$ref" in value:
        found = document()
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value


def operation(method, target):
    path = urlsplit(target).path
    for pattern, template in templates():
        if pattern.match(path):
            return document()["paths"][template].get(method.lower())
    return None


def check_schema(schema, value, what):
    checker = jsonschema.Draft202012Validator(schema | {"components": document()["components"]},
                                              format_checker=jsonschema.FormatChecker())
    errors = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in checker.iter_errors(value)]
    assert not errors, f"{what} is not as described: {errors[:5]}"


def check_problem_shape(answer):
    if answer.status < 400:
        return
    assert answer.headers["Content-Type"] == "application/problem+json", answer
    if answer.body:
        check_schema({"$ref": "#/components/schemas/Problem"}, answer.json, f"the problem {answer}")
        assert answer.json["status"] == answer.status
        assert answer.json["requestId"] == answer.headers["X-Request-Id"]


def check(method, target, answer):
    """The status is one of the operation's, the body of that status's type and schema."""
    check_problem_shape(answer)
    described = operation("GET" if method == "HEAD" else method, target)
    if described is None:
        assert answer.status in (204, 404, 405), f"{method} {target} is not described: {answer}"
        return
    what = f"{method} {target} -> {answer.status}"
    assert str(answer.status) in described["responses"], f"{what} is not described: {answer}"
    response = resolve(described["responses"][str(answer.status)])
    if method == "HEAD" or "content" not in response:
        assert not answer.body, f"{what} has a body"
        return
    media_type = answer.headers["Content-Type"].partition(";")[0]
    described_as = response["content"].get(media_type, response["content"].get("*/*"))
    assert described_as is not None, f"{what} is {media_type}"
    schema = described_as.get("schema", {})
    if media_type.endswith("json") and answer.status != 206:
        check_schema(schema, answer.json, what)
