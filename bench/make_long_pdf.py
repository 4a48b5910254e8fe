#!/usr/bin/env python3
"""Write a PDF of many pages of running text: for figures of memory and speed.

    make_long_pdf.py FILE [PAGES]        2,400 pages where none are named

Needs nothing but Python 3. The same arguments give the same bytes.
"""
import random
import sys
import zlib

WORDS = ("the operator shall maintain accurate attendance records for each participating member and furnish the "
         "certificate of occupancy within thirty business days of a written request by the plan under this agreement").split()
LINES, WORDS_A_LINE = 50, 12


def page_content(rng):
    lines = [" ".join(rng.choice(WORDS) for _ in range(WORDS_A_LINE)) for _ in range(LINES)]
    text = " Tj T* ".join(f"({line})" for line in lines)
    return zlib.compress(f"BT /F1 10 Tf 13 TL 72 770 Td {text} Tj ET".encode())


def main():
    path, pages = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2400
    rng = random.Random(pages)
    offsets = []
    with open(path, "wb") as out:

        def put(body):
            offsets.append(out.tell())
            out.write(f"{len(offsets)} 0 obj\n".encode() + body + b"\nendobj\n")

        out.write(b"%PDF-1.4\n")
        put(b"<</Type/Catalog/Pages 2 0 R>>")
        kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(pages))
        put(f"<</Type/Pages/Count {pages}/Kids[{kids}]>>".encode())
        put(b"<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding>>")
        for i in range(pages):
            put(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {5 + 2 * i} 0 R"
                f"/Resources<</Font<</F1 3 0 R>>>>>>".encode())
            content = page_content(rng)
            put(f"<</Filter/FlateDecode/Length {len(content)}>>stream\n".encode() + content + b"\nendstream")
        start = out.tell()
        out.write(f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n".encode())
        out.write(b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets))
        out.write(f"trailer\n<</Size {len(offsets) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n".encode())


if __name__ == "__main__":
    main()
