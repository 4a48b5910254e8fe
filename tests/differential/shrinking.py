"""From a request and a history that show a difference to small ones that still do."""
import time


def without_parts(items, chunk):
    for at in range(0, len(items), chunk):
        yield items[:at] + items[at + chunk:]


def shrink_list(items, still_fails, seconds):
    """Leaves out ever smaller runs of items for as long as that works and there is time."""
    end, chunk = time.monotonic() + seconds, max(1, len(items) // 2)
    while True:
        smaller = next((rest for rest in without_parts(items, chunk) if time.monotonic() < end and still_fails(rest)), None)
        if smaller is not None:
            items = smaller
        elif chunk == 1 or time.monotonic() > end:
            return items
        chunk = max(1, min(chunk // (1 if smaller is not None else 2), len(items) // 2))


def smaller_values(value):
    """A JSON value with something left out: an element, a member, or all around one of its members."""
    if isinstance(value, list):
        for i, inner in enumerate(value):
            yield value[:i] + value[i + 1:]
            yield from (value[:i] + [made] + value[i + 1:] for made in smaller_values(inner))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            yield from (value | {name: made} for made in smaller_values(inner))
    elif isinstance(value, str) and " " in value:
        words = value.split(" ")
        yield from (" ".join(words[:i] + words[i + 1:]) for i in range(len(words)))


def inner_queries(query):
    """The queries of a bool or a constant_score."""
    for kind, body in query.items():
        if kind in ("bool", "constant_score"):
            for inner in body.values():
                yield from inner if isinstance(inner, list) else [inner] if isinstance(inner, dict) else []


def smaller_bodies(body):
    if isinstance(body.get("query"), dict):
        yield from (body | {"query": inner} for inner in inner_queries(body["query"]))
    yield from smaller_values(body)


def shrink_body(body, which_fail, seconds):
    """`which_fail` takes many bodies and gives those that show the difference."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        failing = which_fail(list(smaller_bodies(body))[:300])
        if not failing:
            break
        body = min(failing, key=lambda smaller: len(str(smaller)))
    return body
