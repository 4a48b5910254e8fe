"""Holds one engine's answer to a request against the other's."""
import struct

from queries import is_one_sum, is_settled

NEAR = 1e-6
GREATEST = 3.4e38


def as_float(number):
    """Scores are 32-bit floats, which the engines write with different numbers of digits."""
    return number and struct.unpack("f", struct.pack("f", max(-GREATEST, min(number, GREATEST))))[0]


# What stands for no value at the end of a sort: of OpenSearch's whole numbers the greatest, which are numbers to us.
ENDS = {2**31 - 1: "Infinity", -2**31: "-Infinity", 2**63 - 1: "Infinity", -2**63: "-Infinity"}
# OpenSearch's highlighter stumbles over a fuzzy word of one character, which we highlight.
THEIR_ERROR = "boost must be a positive float"


def details(body, hit):
    """What a request asks for beyond ids and scores."""
    asked = {"_source": not isinstance(body.get("_source", True), bool), "highlight": "highlight" in body}
    made = {name: hit.get(name, {}) for name in asked if asked[name]}
    if "sort" in hit:
        made["sort"] = [as_float(value) if isinstance(value, float) else ENDS.get(value, value) for value in hit["sort"]]
    return made


def from_node(body, answer):
    if "error" in answer:
        return {"error": answer["error"].get("root_cause", [answer["error"]])[0].get("reason")}
    hits = answer["hits"]
    return {"total": hits["total"]["value"], "facets": facets_of(answer),
            "hits": [[hit["_id"], as_float(hit["_score"]), details(body, hit)] for hit in hits["hits"]]}


def from_embedded(body, answer):
    if "error" in answer:
        return {"error": answer["error"]}
    return {"total": answer["total"], "facets": facets_of(answer),
            "hits": [[which, as_float(score), details(body, more[0] if more else {})] for which, score, *more in answer["hits"]]}


def facets_of(answer):
    """Without the bound of an error that OpenSearch, which may ask several shards, does not know for some orders (-1)."""
    facets = answer.get("aggregations", {})
    return {name: {part: value for part, value in facet.items() if part != "doc_count_error_upper_bound"} for name, facet in facets.items()}


def is_near(a, b):
    return a == b or None not in (a, b) and abs(a - b) <= NEAR * max(abs(a), abs(b))


def are_same(theirs, ours):
    return theirs == ours


def are_near(theirs, ours):
    """Scores differ by rounding alone; hits may be swapped, also with those behind the last, where their scores do not tell them apart."""
    our_hits, last = {hit[0]: hit for hit in ours}, theirs[-1] if theirs else None
    ends_alike = all(is_near(their[1], our[1]) for their, our in zip(theirs, ours))
    found = ((their, our_hits.get(their[0], [their[0], last[1], their[2]])) for their in theirs)
    return ends_alike and all(is_near(their[1], our[1]) and their[2] == our[2] for their, our in found)


def difference(body, node_answer, embedded_answer):
    """What differs, in words; None where nothing does."""
    theirs, ours = from_node(body, node_answer), from_embedded(body, embedded_answer)
    if THEIR_ERROR in str(theirs.get("error")):
        return None
    if "error" in theirs or "error" in ours:
        return None if "error" in theirs and "error" in ours else f"errors: {theirs.get('error')} / {ours.get('error')}"
    if theirs["total"] != ours["total"]:
        return f"totals: {theirs['total']} / {ours['total']}"
    if theirs["facets"] != ours["facets"]:
        return f"facets: {theirs['facets']} / {ours['facets']}"
    if len(theirs["hits"]) != len(ours["hits"]):
        return f"count: {len(theirs['hits'])} / {len(ours['hits'])}"
    alike = are_same if is_one_sum(body) else are_near
    if not is_settled(body) or alike(theirs["hits"], ours["hits"]):
        return None
    pairs = enumerate(zip(theirs["hits"], ours["hits"]))
    return "hits: " + next((f"hit {i}: {their} / {our}" for i, (their, our) in pairs if their != our), "none")
