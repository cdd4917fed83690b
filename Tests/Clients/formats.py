"""Shapes that the wire contract fixes: ids, times, keys, tokens; and helpers to take them apart.

Nothing in here talks to the service, so `test_helpers.py` can check it without one.
"""

import base64
import binascii
import datetime
import json
import re

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
ID_SUFFIX = r"[0-7][0-9a-hjkmnp-tv-z]{25}"
REQUEST_ID = re.compile(rf"^req_{ID_SUFFIX}$")
SUBJECT = re.compile(r"^sub_[A-Za-z0-9_-]{22}$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
TOKEN_LENGTH_MAX = 2048
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def is_id(text, prefix):
    return isinstance(text, str) and re.fullmatch(rf"{prefix}_{ID_SUFFIX}", text) is not None


def unknown_id(prefix):
    """A well-formed id that no store holds: a UUIDv7 of January 2020, all other bits fixed."""
    number = (1_577_836_800_000 << 80) | (7 << 76) | (0x2A5 << 64) | (2 << 62) | 0x0123_4567_89AB_CDEF
    digits = ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        digits = CROCKFORD[digit] + digits
    return f"{prefix}_{digits}"


def instant(text):
    """Seconds since the epoch of an RFC 3339 UTC time; asserts its shape."""
    assert isinstance(text, str) and TIME.match(text), f"not an RFC 3339 UTC time: {text!r}"
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def base62(number, width):
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits.rjust(width, "0")


def key_checksum(text):
    """Six Base62 characters of CRC-32/ISO-HDLC over everything before them."""
    return base62(binascii.crc32(text.encode()), 6)


def key_with_checksum(prefix, body):
    assert len(body) == 37
    return prefix + body + key_checksum(prefix + body)


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text):
    assert re.fullmatch(r"[A-Za-z0-9_-]*", text), f"not base64url: {text!r}"
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert b64u(data) == text, f"not canonical base64url: {text!r}"
    return data


def parts(token):
    """Header, claims and signature of a compact JWS, without verification."""
    assert isinstance(token, str) and len(token) < TOKEN_LENGTH_MAX
    header, claims, signature = token.split(".")
    return json.loads(unb64u(header)), json.loads(unb64u(claims)), unb64u(signature)


def claims_of(token):
    return parts(token)[1]


def joined(header, claims, signature):
    """A compact JWS from raw parts; dictionaries are encoded, strings are taken as they are."""

    def segment(value):
        if isinstance(value, (dict, list)) or value is None:
            return b64u(json.dumps(value, separators=(",", ":")).encode())
        return b64u(value) if isinstance(value, bytes) else value

    return ".".join([segment(header), segment(claims), segment(signature)])


def high_s(signature):
    """The other signature that the same key and message have: s replaced by n - s."""
    r, s = signature[:32], int.from_bytes(signature[32:], "big")
    return r + (P256_ORDER - s).to_bytes(32, "big")


def find_member(value, name):
    """First value of a member of this name anywhere inside a JSON value, or None."""
    queue = [value]
    while queue:
        item = queue.pop(0)
        if isinstance(item, dict):
            if name in item:
                return item[name]
            queue.extend(item.values())
        elif isinstance(item, list):
            queue.extend(item)
    return None


def integers_in(value):
    """Every integer anywhere inside a JSON value (booleans are none)."""
    found, queue = [], [value]
    while queue:
        item = queue.pop(0)
        if isinstance(item, dict):
            queue.extend(item.values())
        elif isinstance(item, list):
            queue.extend(item)
        elif isinstance(item, int) and not isinstance(item, bool):
            found.append(item)
    return found
