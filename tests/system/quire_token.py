"""Tokens made by hand, good and bad: what `quire token` would never print."""
import base64
import hashlib
import hmac
import json
import time

SECRET = "0123456789abcdef0123456789abcdef-system-test"
ISSUER = "https://issuer.example/"
VARIABLES = {"JWT_SECRET": SECRET, "JWT_ISSUER": ISSUER}

HEADER = {"alg": "HS256", "typ": "JWT"}


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def as_json(value):
    """Bytes are taken as they are: JSON that json.dumps would never write."""
    return value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()


def sign(text, secret=SECRET, hash_name="sha256"):
    return encode(hmac.new(secret.encode(), text.encode(), getattr(hashlib, hash_name)).digest())


def claims(**changes):
    """Those of a good token; a change of None leaves one out. Names may hold ':' as `cognito__groups`."""
    now = int(time.time())
    made = {"iss": ISSUER, "sub": "user-1", "iat": now - 5, "nbf": now - 5, "exp": now + 900, "tenant_id": "tenant-a",
            "tenant_type": "external", "roles": ["auditor"]}
    for name, value in changes.items():
        made[name.replace("__", ":")] = value
    return {name: value for name, value in made.items() if value is not None}


def token(header=HEADER, payload=None, secret=SECRET, hash_name="sha256"):
    text = f"{encode(as_json(header))}.{encode(as_json(claims() if payload is None else payload))}"
    return f"{text}.{sign(text, secret, hash_name)}"
