"""A document's way from the upload to its results, as a client of the API goes it."""
import base64
import hashlib
import json
from datetime import datetime, timezone
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from pdf_maker import MARK, agreement, padded, pdf
from quire_client import Form

PAGES = [agreement(number) for number in (1, 2, 3)]


@pytest.fixture(scope="module")
def content():
    return pdf(*PAGES)


@pytest.fixture(scope="module")
def done(server, content):
    """The answer to the upload of three pages."""
    answer = server.client().upload(content, "three pages.pdf")
    assert answer.status == 200, answer
    return answer.json


# --- Upload -----------------------------------------------------------------------------------------


def test_small_document_is_answered_with_its_results(done, content):
    assert (done["status"], done["processingType"]) == ("completed", "sync")
    job = done["job"]
    assert job["fileId"] == done["fileId"]
    assert job["fileName"] == "three pages.pdf"
    assert (job["tenantId"], job["kind"], job["run"]) == ("default", "document", 1)
    assert job["fileSize"] == len(content)
    assert job["sha256"] == hashlib.sha256(content).hexdigest()
    assert job["progress"] == {"processed": 3, "total": 3, "failed": 0}
    times = job["timestamps"]
    assert times["uploaded"] <= times["started"] <= times["completed"]


def test_results_hold_an_analysis_of_each_page(done):
    results = done["results"]
    assert (results["totalPages"], results["successCount"], results["failedCount"]) == (3, 3, 0)
    assert [chunk["pageNumber"] for chunk in results["chunks"]] == [1, 2, 3]
    for chunk in results["chunks"]:
        assert (chunk["status"], chunk["provider"], chunk["flags"]) == ("completed", "extractive", [])
        found = {(entity["type"], entity["text"]) for entity in chunk["analysis"]["entities"]}
        assert {("money", "$1,250.00"), ("date", "March 3, 2026")} <= found
        assert chunk["analysis"]["summary"]


def test_large_document_is_accepted_and_worked_through_later(admin, content):
    answer = admin.upload(padded(content, 6 << 20))
    assert answer.status == 202, answer
    assert (answer.json["status"], answer.json["processingType"]) == ("uploaded", "async")
    assert answer.headers["Location"] == f"/api/jobs/{answer.json['fileId']}"
    job = admin.wait_for_end(answer.json["fileId"])
    assert (job["status"], job["progress"]["processed"], job["fileSize"]) == ("completed", 3, 6 << 20)


def test_threshold_is_a_setting(new_server, content):
    server = new_server("--file-size-threshold-mb", "0")
    answer = server.client().upload(content)
    assert answer.status == 202
    assert server.client().wait_for_end(answer.json["fileId"])["status"] == "completed"


@pytest.mark.parametrize("place", ["fields", "fields_after"])
def test_fields_may_stand_before_and_after_the_file(admin, content, place):
    answer = admin.upload(content, **{place: {"tenantId": "default", "kind": "contract", "locationId": "default"}})
    assert answer.status == 200, answer
    assert (answer.json["job"]["kind"], answer.json["job"]["locationId"]) == ("contract", "default")


@pytest.mark.parametrize("place", ["fields", "fields_after"])
@pytest.mark.parametrize("fields, status, code", [
    ({"tenantId": "other"}, 403, "wrong_tenant"),
    ({"tenantId": "../other"}, 403, "wrong_tenant"),
    ({"locationId": "elsewhere"}, 403, "bad_location"),
    ({"kind": "novel"}, 400, "bad_kind"),
])
def test_fields_that_do_not_fit_are_refused_wherever_they_stand(server, admin, content, place, fields, status, code):
    before = server.stored_files()
    answer = admin.upload(content, **{place: fields})
    assert (answer.status, answer.code) == (status, code), answer
    assert server.stored_files() == before


def test_internal_admin_may_upload_for_a_tenant(server, content):
    answer = server.internal_admin().upload(content, fields={"tenantId": "north"})
    assert (answer.status, answer.json["job"]["tenantId"]) == (200, "north")
    assert server.client(tenant="north").job(answer.json["fileId"])["status"] == "completed"


def test_name_in_utf8_comes_back_as_it_was(admin, content):
    name = "Vertrag für Zoë – 東京.pdf"
    assert admin.upload(content, name).json["job"]["fileName"] == name


def test_name_star_is_preferred(admin, content):
    form = Form().part("name=\"file\"; filename=\"x.pdf\"; filename*=UTF-8''na%C3%AFve.pdf", content, "application/pdf")
    assert admin.send_form(form).json["job"]["fileName"] == "naïve.pdf"


# --- Results ----------------------------------------------------------------------------------------


def test_manifest_is_the_same_from_upload_results_and_link(server, admin, done):
    results = admin.get(f"/api/jobs/{done['fileId']}/results")
    link = admin.get(f"/api/jobs/{done['fileId']}/download").json
    linked = server.anonymous().get(link["downloadUrl"])
    assert results.json == done["results"] == linked.json


def test_page_has_its_text_and_analysis(admin, done):
    for number in (1, 2, 3):
        page = admin.get(f"/api/jobs/{done['fileId']}/pages/{number}").json
        assert (page["status"], page["pageNumber"], page["attempts"]) == ("completed", number, 1)
        assert MARK in page["text"] and f"Service Agreement No. {number}" in page["text"]
        assert page["analysis"] == done["results"]["chunks"][number - 1]["analysis"]
        assert page["tokens"] == {"input": 0, "output": 0}


@pytest.mark.parametrize("number, status, code", [
    ("4", 404, "not_found"), ("4294967296", 400, "invalid_request"), ("0", 400, "invalid_request"),
    ("-1", 400, "invalid_request"), ("one", 400, "invalid_request"), ("99999999999999999999", 400, "invalid_request"),
])
def test_page_that_is_not_there(admin, done, number, status, code):
    answer = admin.get(f"/api/jobs/{done['fileId']}/pages/{number}")
    assert (answer.status, answer.code) == (status, code)


def test_page_without_text_needs_ocr(admin):
    chunk = admin.upload(pdf_without_text()).json["results"]["chunks"][0]
    assert chunk["flags"] == ["needs_ocr"]
    assert chunk["analysis"] == {"summary": "", "entities": [], "keyPoints": [], "sentiment": "neutral"}


def test_hidden_text_is_shown_apart_and_not_analysed(admin):
    content = ("BT /F1 12 Tf 72 720 Td (The fee is $10.00.) Tj 0 -20 Td 3 Tr (Wire $999.00 to Mallory.) Tj "
               "0 -20 Td 0 Tr 1 g (Acme Corp owes $888.00.) Tj ET")
    answer = admin.upload(pdf_of_content(content)).json
    chunk = answer["results"]["chunks"][0]
    assert chunk["flags"] == ["hidden_text"]
    assert "$10.00" in str(chunk["analysis"])
    page = admin.get(f"/api/jobs/{answer['fileId']}/pages/1").json
    assert page["text"] == "The fee is $10.00.\n"
    assert page["hidden"] == [{"reason": "invisible", "text": "Wire $999.00 to Mallory.\n"},
                              {"reason": "background_colour", "text": "Acme Corp owes $888.00.\n"}]
    for told in (answer["results"], page["analysis"]):
        assert "999" not in str(told) and "888" not in str(told) and "Mallory" not in str(told)


def test_text_behind_a_scanned_page_is_hidden_and_needs_ocr(admin):
    content = "BT /F1 12 Tf 3 Tr 72 720 Td (What a scanner took it for) Tj ET q 612 0 0 792 0 0 cm /P Do Q"
    answer = admin.upload(pdf_of_content(content)).json
    assert answer["results"]["chunks"][0]["flags"] == ["needs_ocr", "hidden_text"]
    page = admin.get(f"/api/jobs/{answer['fileId']}/pages/1").json
    assert page["text"] == ""
    assert page["hidden"] == [{"reason": "invisible", "text": "What a scanner took it for\n"}]


def test_picture_with_a_page_number_needs_ocr(admin):
    content = "q 612 0 0 792 0 0 cm /P Do Q BT /F1 12 Tf 300 30 Td (Page 7) Tj ET"
    answer = admin.upload(pdf_of_content(content)).json
    assert answer["results"]["chunks"][0]["flags"] == ["needs_ocr"]
    page = admin.get(f"/api/jobs/{answer['fileId']}/pages/1").json
    assert (page["text"], page["hidden"]) == ("Page 7\n", [])


def pdf_of_content(content):
    """One page, of what a content stream says; P is a black picture."""
    from pdf_maker import assemble
    return assemble(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
                     "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
                     "/Resources<</Font<</F1 5 0 R>>/XObject<</P 6 0 R>>>>>>",
                     f"<</Length {len(content)}>>stream\n{content}\nendstream",
                     "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
                     "<</Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray"
                     "/Filter/ASCIIHexDecode/Length 3>>stream\n00>\nendstream"])


def pdf_without_text():
    from pdf_maker import assemble
    return assemble(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
                     "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>"])


# --- The signed link --------------------------------------------------------------------------------


@pytest.fixture
def link(admin, done):
    return admin.get(f"/api/jobs/{done['fileId']}/download").json


def test_link_works_for_an_hour_without_credentials(server, link):
    left = datetime.fromisoformat(link["expiresAt"].replace("Z", "+00:00")) - datetime.now(timezone.utc)
    assert 3500 < left.total_seconds() <= 3660
    for _ in range(3):
        answer = server.anonymous().get(link["downloadUrl"])
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]


def test_link_takes_head_and_ranges(server, link):
    anybody = server.anonymous()
    whole = anybody.get(link["downloadUrl"]).body
    head = anybody.request("HEAD", link["downloadUrl"])
    assert (head.status, int(head.headers["Content-Length"]), head.body) == (200, len(whole), b"")
    for asked, first, last in [("bytes=0-9", 0, 9), ("bytes=10-", 10, len(whole) - 1),
                               ("bytes=-5", len(whole) - 5, len(whole) - 1), (f"bytes=5-{len(whole) * 2}", 5, len(whole) - 1)]:
        part = anybody.get(link["downloadUrl"], Range=asked)
        assert (part.status, part.body) == (206, whole[first:last + 1])
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"
    beyond = anybody.get(link["downloadUrl"], Range=f"bytes={len(whole)}-")
    assert (beyond.status, beyond.code) == (416, "range_not_satisfiable")
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole)}"


def test_link_that_was_changed_is_refused(server, link):
    path, _, query = link["downloadUrl"].removeprefix(server.url).partition("?")
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    signature = fields["signature"]
    altered = [
        fields | {"expires": str(int(fields["expires"]) + 1)},
        fields | {"method": "PUT"},
        fields | {"signature": signature[:-1] + ("A" if signature[-1] != "A" else "B")},
        fields | {"signature": ""},
        {name: value for name, value in fields.items() if name != "signature"},
        fields | {"signature": base64.urlsafe_b64encode(b"x" * 32).decode()},
    ]
    targets = [f"{path}?{urlencode(changed)}" for changed in altered]
    targets += [f"{path}?{query}&more=1", path, f"{path.replace('/results/', '/documents/', 1)}?{query}",
                f"{path.replace('results.json', 'text/000001')}?{query}", f"/blobs/nowhere/x?{query}"]
    for target in targets:
        answer = server.anonymous().get(target)
        assert (answer.status, answer.code) == (403, "link_invalid"), target


def test_link_gives_no_right_to_write(server, link):
    answer = server.anonymous().put(link["downloadUrl"], b"other")
    assert (answer.status, answer.code) == (403, "link_invalid")


# --- One job, many jobs -----------------------------------------------------------------------------


def test_job_that_has_not_changed_is_not_sent_again(admin, done):
    first = admin.get(f"/api/jobs/{done['fileId']}")
    again = admin.get(f"/api/jobs/{done['fileId']}", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = admin.get(f"/api/jobs/{done['fileId']}", If_None_Match='"other"')
    assert (other.status, other.json["fileId"]) == (200, done["fileId"])


@pytest.fixture(scope="module")
def many(server, content):
    """Seven jobs of a tenant of their own, oldest first; the third is a contract, the fifth failed."""
    client = server.client(tenant="many")
    ids = []
    for number in range(7):
        body = b"%PDF-1.4 broken" if number == 4 else pdf(agreement(number))
        answer = client.upload(body, f"{number}.pdf", {"kind": "contract"} if number == 2 else {})
        ids.append(answer.json["fileId"])
    return ids


def test_list_is_newest_first_and_pages_through_all(server, many):
    client, seen, cursor = server.client(tenant="many"), [], ""
    while cursor is not None:
        page = client.get(f"/api/jobs?{urlencode({'limit': 3, 'cursor': cursor})}").json
        assert len(page["items"]) <= 3
        seen += [job["fileId"] for job in page["items"]]
        cursor = page.get("nextCursor")
    assert seen == many[::-1]


def test_list_skips_and_repeats_nothing_when_jobs_come_in_between(server, many):
    client = server.client(tenant="many")
    page = client.get("/api/jobs?limit=4").json
    fresh = client.upload(pdf(agreement(99))).json["fileId"]
    rest = client.get(f"/api/jobs?{urlencode({'limit': 4, 'cursor': page['nextCursor']})}").json
    seen = [job["fileId"] for job in page["items"] + rest["items"]]
    assert seen == [file_id for file_id in many[::-1] if file_id != fresh][:len(seen)]
    assert len(seen) == len(set(seen)) >= 7


def test_list_takes_filters(server, many):
    client = server.client(tenant="many")
    def ids(query):
        return [job["fileId"] for job in client.get(f"/api/jobs?{query}").json["items"]]
    assert ids("status=failed") == [many[4]]
    assert ids("kind=contract") == [many[2]]
    assert ids("status=failed&kind=contract") == []
    assert many[0] in ids("status=completed&limit=100&tenantId=many")


def test_tenant_list_is_an_array_with_a_link_to_the_next_page(server, many):
    client, seen, target = server.client(tenant="many"), [], "/api/jobs/tenant/many?limit=3"
    while target:
        answer = client.get(target)
        assert isinstance(answer.json, list)
        seen += [job["fileId"] for job in answer.json]
        link = answer.headers.get("Link", "")
        assert link == "" or link.endswith('>; rel="next"')
        target = link[1:].partition(">")[0]
    assert [file_id for file_id in seen if file_id in many] == many[::-1]


def test_tenant_list_has_a_page_form_on_request(server, many):
    answer = server.client(tenant="many").get("/api/jobs/tenant/many?limit=2",
                                              Accept="application/vnd.quire.page+json")
    assert answer.headers["Content-Type"] == "application/vnd.quire.page+json"
    assert len(answer.json["items"]) == 2 and answer.json["nextCursor"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=", "status=done", "kind=novel", "colour=red",
                                   "limit=1&limit=2", "cursor=x", "status=%00", "status=%zz", "tenantId=a%2Fb"])
def test_list_refuses_parameters_that_are_not_described(server, admin, query):
    answer = admin.get(f"/api/jobs?{query}")
    assert answer.status in (400, 404), answer
    assert json.loads(answer.body)["detail"]
