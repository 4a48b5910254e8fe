"""The same bytes again: one job a tenant, and never another tenant's."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from pdf_maker import agreement, padded, pdf
from quire_client import Form


@pytest.fixture
def content(request):
    """A document of the case's own."""
    return pdf(agreement(1), f"Of the case {request.node.name}")


def test_same_bytes_answer_with_the_document_that_is_there(server, admin, content):
    first = admin.upload(content, "first.pdf", again=False)
    before = server.stored_files()
    again = admin.upload(content, "second.pdf", again=False)
    assert (first.status, "duplicate" in first.json) == (200, False)
    assert (again.status, again.json["duplicate"], again.json["processingType"]) == (200, True, "sync")
    assert (again.json["fileId"], again.json["results"]) == (first.json["fileId"], first.json["results"])
    assert again.json["job"]["fileName"] == "first.pdf"
    assert server.stored_files() == before


def test_large_document_that_is_there_is_answered_with_its_results(admin, content):
    large = padded(content, 6 << 20)
    first = admin.upload(large, again=False)
    assert first.status == 202
    admin.wait_for_end(first.json["fileId"])
    again = admin.upload(large, again=False)
    assert (again.status, again.json["fileId"], again.json["duplicate"]) == (200, first.json["fileId"], True)


def test_large_document_that_is_being_worked_through_is_accepted_as_it_is(new_server):
    admin = new_server("--worker-concurrency", "1").client()
    large = padded(pdf(*[agreement(number) for number in range(400)]), 6 << 20)
    first, again = admin.upload(large, again=False), admin.upload(large, again=False)
    assert (first.status, again.status) == (202, 202)
    assert again.json == first.json | {"duplicate": True}


def test_again_asks_for_a_job_of_its_own(admin, content):
    first = admin.upload(content, again=False)
    second = admin.upload(content, again=True)
    assert second.json["fileId"] != first.json["fileId"] and "duplicate" not in second.json
    assert admin.upload(content, again=False).json["fileId"] == second.json["fileId"]


@pytest.mark.parametrize("query", ["again=0", "again=", "again=true", "again=1&again=1", "more=1"])
def test_again_is_one_or_left_out(admin, content, query):
    form = Form().file(content)
    answer = admin.post(f"/api/upload?{query}", form.body(), Content_Type=form.content_type)
    assert (answer.status, answer.code) == (400, "invalid_request")


def test_kinds_and_locations_are_kept_apart(admin, content):
    fields = [{}, {"kind": "contract"}, {"locationId": "default"}, {"kind": "contract", "locationId": "default"}]
    ids = {admin.upload(content, fields=each, again=False).json["fileId"] for each in fields}
    assert len(ids) == len(fields)
    assert {admin.upload(content, fields=each, again=False).json["fileId"] for each in fields} == ids


def test_document_that_failed_is_tried_again(admin, request):
    broken = b"%PDF-1.4 broken " + request.node.name.encode()
    first, second = admin.upload(broken, again=False), admin.upload(broken, again=False)
    assert first.json["status"] == second.json["status"] == "failed"
    assert first.json["fileId"] != second.json["fileId"] and "duplicate" not in second.json


def test_tenants_do_not_learn_of_each_other(server, content):
    """Also an internal admin who uploads for both."""
    north, south = server.client(tenant="north"), server.client(tenant="south")
    first, other = north.upload(content, again=False), south.upload(content, again=False)
    assert "duplicate" not in other.json and other.json["fileId"] != first.json["fileId"]
    assert south.get(f"/api/jobs/{first.json['fileId']}").status == 404
    boss = server.internal_admin()
    for answer, tenant in ((first, "north"), (other, "south")):
        found = boss.upload(content, fields_after={"tenantId": tenant}, again=False)
        assert (found.json["fileId"], found.json["duplicate"]) == (answer.json["fileId"], True)


def test_of_equal_uploads_at_once_one_makes_the_job(server, content):
    clients = [server.client(tenant="many") for _ in range(12)]
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(lambda client: client.upload(content, again=False), clients))
    assert len({answer.json["fileId"] for answer in answers}) == 1
    assert sum("duplicate" not in answer.json for answer in answers) == 1
    assert len(clients[0].get("/api/jobs").json["items"]) == 1
