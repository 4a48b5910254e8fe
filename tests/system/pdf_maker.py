"""Small PDFs for tests: a page for each list of lines."""

# Stands on every page that is made here, and must never show in a log.
MARK = "Zanzibarite"


def pdf(*pages):
    """Each page is a text of lines, in Helvetica."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for text in pages:
        stream = page_stream(f"{MARK}\n{text}")
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
        objects.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {len(objects)} 0 R"
                       "/Resources<</Font<</F1 3 0 R>>>>>>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>"
    return assemble(objects)


def page_stream(text):
    lines = [line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in text.splitlines()]
    return "BT /F1 11 Tf 72 720 Td 14 TL " + " ".join(f"({line}) '" for line in lines) + " ET"


def assemble(objects):
    out, offsets = "%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    out += "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    out += f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    return out.encode("latin-1")


def agreement(number=1):
    """A page with something to find on it."""
    return (f"Service Agreement No. {number}\n"
            "Northwind Fitness LLC pays the operator $1,250.00 on March 3, 2026.\n"
            "The operator keeps the pool open every day of the year.\n"
            "Questions go to the coordinator of the location in Springfield.")


def padded(content, size):
    """The same document, `size` bytes long: a comment fills it up."""
    marker, filler = b"%PDF-1.7\n", size - len(content) - 2
    assert content.startswith(marker) and filler >= 0
    return content + b"%" + b"x" * filler + b"\n"
