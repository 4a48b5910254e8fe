"""What is wrong with a request is said at the door, what is wrong with a document on its job; nothing is half-stored, nothing is lost,
and the server lives."""
import contextlib
import os
import subprocess
import tempfile
import time
import zlib

import pytest

from pdf_maker import agreement, assemble, padded, pdf
from quire_client import Form, read_answer
from quire_program import quire
from quire_server import Server, is_root, wait_until

GOOD = pdf(agreement())
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
HTML = b"<!doctype html><title>an invoice</title><p>not a PDF" + b" " * 2000


@pytest.fixture
def unchanged(server):
    """The case stores nothing."""
    before = server.stored_files()
    yield
    wait_until(lambda: server.stored_files() == before, "what was begun is gone")
    assert server.client().upload(GOOD).status == 200


def head_of(client, length, content_type="multipart/form-data; boundary=b", more=""):
    return (f"POST /api/upload HTTP/1.1\r\nHost: x\r\nAuthorization: {client.headers['Authorization']}\r\n"
            f"Content-Type: {content_type}\r\n{length}\r\n{more}\r\n").encode()


# --- Files that are no documents --------------------------------------------------------------------


@pytest.mark.parametrize("content, status, code", [
    (b"", 400, "empty_file"),
    (HTML, 415, "unsupported_type"),
    (PNG, 415, "unsupported_type"),
    (b"%PDF", 415, "unsupported_type"),
    (b" " * 1020 + GOOD, 415, "unsupported_type"),
    (b"\0", 415, "unsupported_type"),
], ids=["empty", "html", "png", "short", "late header", "one byte"])
def test_file_that_is_no_document_is_refused(admin, unchanged, content, status, code):
    answer = admin.upload(content, "invoice.pdf")
    assert (answer.status, answer.code) == (status, code), answer


def test_header_within_the_first_1024_bytes_is_found(admin):
    assert admin.upload(b" " * 1019 + GOOD).json["fileId"]


# --- Documents that cannot be read ------------------------------------------------------------------


def stream(body, filters=""):
    return f"<</Length {len(body)}{filters}>>stream\n{body.decode('latin-1')}\nendstream"


def one_page(contents, page_entries="", more=()):
    return assemble(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
                     f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R{page_entries}>>", contents, *more])


def encrypted():
    lock = "<" + "5a" * 32 + ">"
    return GOOD.replace(b"/Root 1 0 R", f"/Root 1 0 R/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/O{lock}/U{lock}/P -4>>".encode())


def bomb():
    body = zlib.compress(zlib.compress(b"BT (a) Tj ET " * (40 << 20 >> 3), 9), 9)
    return one_page(stream(body, "/Filter[/FlateDecode/FlateDecode]"))


def xref_loop():
    start = GOOD.rindex(b"xref\n0 ")
    return GOOD.replace(b"/Root 1 0 R", f"/Root 1 0 R/Prev {start}".encode())


def page_tree_loop():
    return assemble(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000>>"])


def no_pages():
    return assemble(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"])


def form_loop():
    resources = "<</XObject<</X 5 0 R>>>>"
    form = f"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources{resources}/Length 5>>stream\n/X Do\nendstream"
    return one_page(stream(b"/X Do"), f"/Resources{resources}", [form])


def deep_nesting():
    return one_page(stream(b"[" * 200_000))


@pytest.mark.parametrize("content, code", [
    (b"%PDF-1.7\nand nothing more", "malformed_pdf"),
    (encrypted(), "password_required"),
    (no_pages(), "malformed_pdf"),
    (GOOD[:200], "malformed_pdf"),
], ids=["only a header", "encrypted", "no pages", "truncated"])
def test_document_that_cannot_be_read_fails_its_job(admin, content, code):
    answer = admin.upload(content)
    assert (answer.status, answer.json["status"], answer.json["results"]) == (200, "failed", None), answer
    assert answer.json["job"]["error"]["code"] == code
    for path in ("results", "download"):
        refused = admin.get(f"/api/jobs/{answer.json['fileId']}/{path}")
        assert (refused.status, refused.code) == (409, "no_results")


HOSTILE_ENDS = ("malformed_pdf", "too_many_pages", "too_large", "page_timeout", "page_crashed")


@pytest.mark.parametrize("make", [bomb, xref_loop, page_tree_loop, form_loop, deep_nesting], ids=lambda make: make.__name__)
def test_hostile_document_ends_and_harms_nobody(server, admin, make):
    answer = admin.upload(make())
    job = admin.wait_for_end(answer.json["fileId"])
    assert job["status"] == "completed" or job["error"]["code"] in HOSTILE_ENDS, job
    assert admin.upload(GOOD).json["status"] == "completed"


def test_document_cut_at_any_place_ends_with_a_typed_error_or_what_is_left(admin):
    whole = pdf(agreement(1), agreement(2))
    for length in range(20, len(whole), len(whole) // 12):
        answer = admin.upload(whole[:length])
        assert answer.status == 200, answer
        if answer.json["status"] == "failed":
            assert answer.json["job"]["error"]["code"] == "malformed_pdf"


def test_document_with_too_many_pages_fails(new_server):
    server = new_server("--max-pages", "2")
    assert server.client().upload(pdf("a", "b")).json["status"] == "completed"
    job = server.client().upload(pdf("a", "b", "c")).json["job"]
    assert (job["status"], job["error"]["code"]) == ("failed", "too_many_pages")


# --- Names ------------------------------------------------------------------------------------------


NAMES = {
    "up": b"../../../../tmp/escaped.pdf", "absolute": b"/etc/passwd", "windows": b"C:\\Users\\x\\y.pdf", "dots": b"..",
    "dot": b".", "quotes": b'a\\"b\'c.pdf', "results": b"results.json", "text": b"text/000001", "option": b"-rf *",
    "invalid utf-8": b"\xff\xfe\x80.pdf", "overlong slash": b"\xc0\xaf.pdf", "spaces": b"   ", "percent": b"%2e%2e%2fx.pdf",
    "long": b"n" * 5000 + b".pdf", "long utf-8": "ü".encode() * 2000, "line separator": "a\u2028b\u202efdp.exe".encode(),
    "shell": b"$(reboot);`id`.pdf", "hidden": b".htaccess",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_name_is_only_a_name(server, admin, tmp_path, name):
    answer = admin.upload(GOOD, name)
    assert (answer.status, answer.json["status"]) == (200, "completed"), answer
    mine = [path for path in server.stored_files() if answer.json["fileId"] in path]
    assert len(mine) == 3  # the document, the text of its pages, the manifest
    assert all(f"/default/{answer.json['fileId']}/" in path and ".." not in path for path in mine)
    assert admin.get(f"/api/jobs/{answer.json['fileId']}/results").json == answer.json["results"]


@pytest.mark.parametrize("name", [b"a\0b.pdf", b"a\rb.pdf", b"a\x1b[31m.pdf", b"n" * 10240 + b".pdf"],
                         ids=["nul", "return", "escape", "10 KB"])
def test_name_that_breaks_the_form_is_refused(admin, unchanged, name):
    answer = admin.upload(GOOD, name)
    assert (answer.status, answer.code) in ((400, "bad_multipart"), (413, "too_large")), answer


# --- Forms ------------------------------------------------------------------------------------------


def many_parts(count):
    form = Form().file(GOOD)
    for number in range(count):
        form.field("kind", "")
    return form


FORMS = {
    "two files": (Form().file(GOOD).file(GOOD), "bad_multipart"),
    "no file": (Form().field("tenantId", "default"), "bad_multipart"),
    "no filename": (Form().field("file", GOOD), "bad_multipart"),
    "unknown field": (Form().field("colour", "red").file(GOOD), "unknown_field"),
    "field twice": (Form().field("kind", "document").field("kind", "document").file(GOOD), "bad_multipart"),
    "no name": (Form().part("filename=\"x.pdf\"", GOOD), "bad_multipart"),
    "another field's file": (Form().file(GOOD, field="document"), "unknown_field"),
    "no parts": (Form(), "bad_multipart"),
}


@pytest.mark.parametrize("form, code", FORMS.values(), ids=FORMS.keys())
def test_form_that_is_not_as_described_is_refused(admin, unchanged, form, code):
    answer = admin.send_form(form)
    assert (answer.status, answer.code) == (400, code), answer


@pytest.mark.parametrize("field", ["kind", "tenantId", "locationId"])
def test_field_that_is_too_long_is_refused(admin, unchanged, field):
    answer = admin.send_form(Form().field(field, "x" * 100_000).file(GOOD))
    assert answer.status in (400, 413), answer


def test_form_of_too_many_parts_is_refused(admin, unchanged):
    assert admin.send_form(many_parts(100)).status in (400, 413)


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=", "application/pdf", "text/plain", "",
                                          "multipart/form-data; boundary=\"a\"b", "multipart/mixed; boundary=b",
                                          f"multipart/form-data; boundary={'x' * 200}"])
def test_missing_or_bad_boundary_is_refused(admin, unchanged, content_type):
    answer = admin.post("/api/upload", Form().file(GOOD).body(), Content_Type=content_type)
    assert (answer.status, answer.code) == (400, "bad_multipart"), answer


def test_boundary_of_another_form_is_refused(admin, unchanged):
    answer = admin.post("/api/upload", Form().file(GOOD).body(), Content_Type="multipart/form-data; boundary=other")
    assert (answer.status, answer.code) == (400, "bad_multipart")


def test_form_without_its_end_is_refused(admin, unchanged):
    form = Form().file(GOOD)
    for cut in (3, 4, 40, 400):
        answer = admin.post("/api/upload", form.body()[:-cut], Content_Type=form.content_type)
        assert (answer.status, answer.code) == (400, "bad_multipart"), cut


# --- Framing ----------------------------------------------------------------------------------------


def test_length_that_promises_too_much_is_refused_when_the_sender_ends(admin, unchanged):
    form = Form().file(GOOD)
    head = head_of(admin, f"Content-Length: {len(form.body()) + 1000}", form.content_type)
    answer = admin.raw(head + form.body(), then_shut=True)
    assert answer is None or answer.status == 400


def test_length_that_promises_too_little_is_refused(admin, unchanged):
    form = Form().file(GOOD)
    head = head_of(admin, f"Content-Length: {len(form.body()) - 100}", form.content_type)
    assert admin.raw(head + form.body()).status == 400


@pytest.mark.parametrize("length", ["Content-Length: -1", "Content-Length: 5x", "Content-Length: 99999999999999999999",
                                    "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nTransfer-Encoding: chunked",
                                    "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity", "Content-Length: 0x10"])
def test_length_that_cannot_be_told_is_refused(admin, unchanged, length):
    answer = admin.raw(head_of(admin, length) + b"hello")
    assert answer.status in (400, 413, 501), answer
    assert answer.headers["Connection"] == "close"


def test_half_closed_connection_still_gets_its_answer(admin):
    form = Form().file(GOOD)
    answer = admin.raw(head_of(admin, f"Content-Length: {len(form.body())}", form.content_type) + form.body(), then_shut=True)
    assert answer.status == 200


def test_connection_that_breaks_off_leaves_nothing(server, admin, unchanged):
    form = Form().file(padded(GOOD, 1 << 20))
    before = server.stored_files()
    with admin.open_socket() as peer:
        peer.sendall(head_of(admin, f"Content-Length: {len(form.body())}", form.content_type) + form.body()[:600_000])
        wait_until(lambda: server.stored_files() != before, "the upload has begun")


def test_chunked_upload_is_taken(admin):
    form = Form().file(GOOD)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (form.body()[:100], form.body()[100:]))
    answer = admin.raw(head_of(admin, "Transfer-Encoding: chunked", form.content_type) + chunks + b"0\r\n\r\n", then_shut=True)
    assert answer.status == 200


@pytest.mark.parametrize("chunk", [b"zz\r\nhello\r\n", b"5\r\nhello!!\r\n", b"-5\r\nhello\r\n", b"ffffffffffffffffff\r\nx"])
def test_broken_chunk_is_refused(admin, unchanged, chunk):
    answer = admin.raw(head_of(admin, "Transfer-Encoding: chunked") + chunk)
    assert answer.status in (400, 413), answer


# --- Too large, no room, no rights ------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_limit(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("small") / "data", "--max-file-size-mb", "1")
    server.start()
    yield server
    server.stop()


def test_file_of_exactly_the_limit_is_taken(small_limit):
    assert small_limit.client().upload(padded(GOOD, 1 << 20)).status == 200


def test_file_beyond_the_limit_is_refused(small_limit):
    before = small_limit.stored_files()
    answer = small_limit.client().upload(padded(GOOD, (1 << 20) + 1))
    assert (answer.status, answer.code) == (413, "file_too_large")
    assert small_limit.stored_files() == before


def test_body_beyond_the_limit_is_refused_before_it_is_sent(small_limit):
    client = small_limit.client()
    answer = client.raw(head_of(client, "Content-Length: 5000000", more="Expect: 100-continue\r\n"))
    assert (answer.status, answer.code) == (413, "too_large")


def test_chunked_body_beyond_the_limit_is_refused(small_limit):
    client, form = small_limit.client(), Form().file(padded(GOOD, 3 << 20))
    before = small_limit.stored_files()
    with client.open_socket() as peer:
        peer.sendall(head_of(client, "Transfer-Encoding: chunked", form.content_type))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for start in range(0, len(form.body()), 1 << 16):
                piece = form.body()[start:start + (1 << 16)]
                peer.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        answer = read_answer(peer)
    assert (answer.status, answer.code) == (413, "file_too_large")
    wait_until(lambda: small_limit.stored_files() == before, "what was begun is gone")


@pytest.fixture
def small_disk(tmp_path):
    directory = tmp_path / "disk"
    directory.mkdir()
    if not is_root() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", directory], capture_output=True).returncode:
        pytest.skip("a small disk needs root, and the right to mount")
    yield directory
    subprocess.run(["umount", "-l", directory], check=True)


def test_full_disk_refuses_an_upload_and_keeps_what_is_there(small_disk, new_server):
    server = new_server(name="disk/data")
    server.expected_errors.add("http.error")
    client = server.client()
    kept = client.upload(GOOD).json["fileId"]
    before = server.stored_files()
    answer = client.upload(padded(GOOD, 24 << 20))
    assert (answer.status, answer.code) == (507, "no_space"), answer
    assert server.stored_files() == before
    assert client.job(kept)["status"] == "completed"
    assert client.upload(GOOD).json["status"] == "completed"


NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}


def can_run_as_nobody():
    with contextlib.suppress(PermissionError):
        return quire("version", **NOBODY).returncode == 0
    return False


def test_data_directory_without_rights_is_refused_at_the_start():
    if is_root() and not can_run_as_nobody():
        pytest.skip("root may do everything, and other users cannot reach the program")
    with tempfile.TemporaryDirectory() as directory:  # not pytest's: nobody else may enter that
        os.chmod(directory, 0o555)
        done = quire("serve", "--port", "0", "--data-dir", f"{directory}/data", **(NOBODY if is_root() else {}))
    assert (done.returncode, done.stdout) == (1, "")
    assert directory in done.stderr and "Permission denied" in done.stderr and len(done.stderr.splitlines()) == 1


def test_data_directory_that_is_a_file_is_refused_at_the_start(tmp_path):
    (tmp_path / "file").write_text("x")
    done = quire("serve", "--port", "0", "--data-dir", tmp_path / "file")
    assert done.returncode == 1 and str(tmp_path / "file") in done.stderr


def test_slow_sender_does_not_hold_others_up(admin):
    with admin.open_socket() as slow:
        slow.sendall(head_of(admin, "Content-Length: 100000"))
        started = time.monotonic()
        for _ in range(20):
            assert admin.get("/health").status == 200
        assert time.monotonic() - started < 5
