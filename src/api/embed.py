#!/usr/bin/env python3
"""Writes a file as a C array: embed.py NAME INPUT OUTPUT. YAML becomes JSON first; a page comes with its policy."""
import base64
import hashlib
import json
import re
import sys


def policy_of(page):
    """The Content-Security-Policy of a page: its own script and style run, and nothing else."""
    def sources(kind):
        texts = re.findall(rb"<%s>(.*?)</%s>" % (kind, kind), page, re.DOTALL)
        return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'" for text in texts)
    return (f"default-src 'none'; script-src {sources(b'script')}; style-src {sources(b'style')}; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


name, source, target = sys.argv[1:]
with open(source, "rb") as f:
    data = f.read()
if source.endswith(".yaml"):
    import yaml
    data = json.dumps(yaml.safe_load(data), separators=(",", ":"), ensure_ascii=False).encode()
rows = [data[i:i + 20] for i in range(0, len(data), 20)]
with open(target, "w") as f:
    f.write("#include <stddef.h>\n\n")
    f.write(f"extern const char {name}[];\nextern const size_t {name}_length;\n\n")
    f.write(f"const char {name}[] = {{\n")
    for row in rows:
        f.write("".join(f"{b if b < 128 else b - 256}," for b in row) + "\n")
    f.write("0};\n")
    f.write(f"const size_t {name}_length = {len(data)};\n")
    if source.endswith(".html"):
        f.write(f"\nextern const char {name}_policy[];\nconst char {name}_policy[] = {json.dumps(policy_of(data))};\n")
