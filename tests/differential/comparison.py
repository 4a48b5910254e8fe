"""Holds one engine's answer to a request against the other's."""
import struct

from queries import is_one_sum, is_settled

NEAR = 1e-6


def as_float(number):
    """Scores are 32-bit floats, which the engines write with different numbers of digits."""
    return struct.unpack("f", struct.pack("f", number))[0]


def from_node(answer):
    if "error" in answer:
        return {"error": answer["error"].get("reason")}
    hits = answer["hits"]
    return {"total": hits["total"]["value"], "hits": [[hit["_id"], as_float(hit["_score"])] for hit in hits["hits"]]}


def from_embedded(answer):
    if "error" in answer:
        return {"error": answer["error"]}
    return {"total": answer["total"], "hits": [[which, as_float(score)] for which, score in answer["hits"]]}


def is_near(a, b):
    return abs(a - b) <= NEAR * max(abs(a), abs(b))


def are_same(theirs, ours):
    return theirs == ours


def are_near(theirs, ours):
    """Scores differ by rounding alone; hits may be swapped, also with those behind the last, where their scores do not tell them apart."""
    our_scores, last = dict(ours), theirs[-1][1] if theirs else 0
    return all(is_near(their[1], our[1]) for their, our in zip(theirs, ours)) and \
        all(is_near(score, our_scores.get(which, last)) for which, score in theirs)


def difference(body, node_answer, embedded_answer):
    """What differs, in words; None where nothing does."""
    theirs, ours = from_node(node_answer), from_embedded(embedded_answer)
    if "error" in theirs or "error" in ours:
        return None if "error" in theirs and "error" in ours else f"errors: {theirs.get('error')} / {ours.get('error')}"
    if theirs["total"] != ours["total"]:
        return f"totals: {theirs['total']} / {ours['total']}"
    if len(theirs["hits"]) != len(ours["hits"]):
        return f"hits: {len(theirs['hits'])} / {len(ours['hits'])}"
    alike = are_same if is_one_sum(body) else are_near
    if not is_settled(body) or alike(theirs["hits"], ours["hits"]):
        return None
    pairs = enumerate(zip(theirs["hits"], ours["hits"]))
    return "scores: " + next((f"hit {i}: {their} / {our}" for i, (their, our) in pairs if their != our), "none")
