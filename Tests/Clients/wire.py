"""A raw HTTP/1.1 client that sends any bytes and believes nothing: it parses answers strictly.

`requests` repairs, folds and retries; these tests want to see the bytes. Every wait has a deadline.
"""

import json
import re
import socket
import time

WAIT_SECONDS = 15.0
STATUS_LINE = re.compile(rb"^HTTP/1\.1 ([1-5]\d\d) ([ -~]*)$")
FIELD_LINE = re.compile(rb"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$")
FIELD_VALUE = re.compile(rb"^[\t\x20-\x7e]*$")


class Closed(Exception):
    """The peer closed (or reset) the connection before the first byte of an answer."""


class Torn(AssertionError):
    """The peer closed in the middle of an answer."""


class Answer:
    def __init__(self, status, fields, body, raw_head):
        self.status = status
        self.fields = fields
        self.body = body
        self.raw_head = raw_head

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        assert len(values) <= 1, f"{name} is there {len(values)} times: {values}"
        return values[0] if values else default

    def json(self):
        return json.loads(self.body.decode("utf-8"))

    def __repr__(self):
        return f"<{self.status} {self.body[:200]!r}>"


class Wire:
    """One connection, plain or TLS (give a wrapped socket)."""

    def __init__(self, address, sock=None, wait_seconds=WAIT_SECONDS):
        self.wait_seconds = wait_seconds
        self.sock = sock or socket.create_connection(address, timeout=wait_seconds)
        self.sock.settimeout(wait_seconds)
        if sock is None:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        """Sends all; a peer that already answered and closed is no error here, reading tells more."""
        try:
            self.sock.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def _more(self):
        if self.ended:
            return False
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.ended = True
            return False
        self.buffer += data
        return True

    def _take(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise Torn(f"closed after {len(self.buffer)} of {count} bytes of a body")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _line(self):
        while b"\r\n" not in self.buffer:
            if not self._more():
                raise Torn(f"closed in the middle of a line: {self.buffer!r}")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def read(self, head=False, interim=False):
        """The next answer. 1xx answers are skipped unless `interim`; `head` says that no body follows."""
        while True:
            if not self.buffer and not self._more():
                raise Closed()
            answer = self._read_one(head)
            if answer.status >= 200 or interim:
                return answer

    def _read_one(self, head):
        raw = b""
        line = self._line()
        raw += line + b"\r\n"
        match = STATUS_LINE.match(line)
        assert match, f"bad status line: {line!r}"
        status = int(match.group(1))
        fields = []
        while True:
            line = self._line()
            raw += line + b"\r\n"
            if not line:
                break
            match = FIELD_LINE.match(line)
            assert match and FIELD_VALUE.match(match.group(2)), f"bad field line: {line!r}"
            fields.append((match.group(1).decode(), match.group(2).decode()))
        answer = Answer(status, fields, b"", raw)
        answer.body = self._body(answer, head)
        return answer

    def _body(self, answer, head):
        length, coding = answer.get("Content-Length"), answer.get("Transfer-Encoding")
        assert not (length is not None and coding is not None), "an answer with both framings"
        if answer.status < 200 or answer.status in (204, 304):
            assert coding is None, f"{answer.status} with Transfer-Encoding"
            assert answer.status == 304 or length in (None, "0"), f"{answer.status} with a body"
            return b""
        if head:
            return b""
        if length is not None:
            assert re.fullmatch(r"\d+", length), f"bad Content-Length {length!r}"
            return self._take(int(length))
        assert coding == "chunked", "an answer without framing"
        body = b""
        while True:
            size = int(self._line().split(b";")[0], 16)
            if size == 0:
                while self._line():
                    pass
                return body
            body += self._take(size)
            assert self._take(2) == b"\r\n"

    def ask(self, data, head=False):
        self.send(data)
        return self.read(head=head)

    def assert_closed(self):
        """The peer closes, and sends nothing more before that."""
        end = time.monotonic() + self.wait_seconds
        while time.monotonic() < end:
            if not self._more():
                break
        assert not self.buffer, f"bytes after the last answer: {self.buffer[:300]!r}"
        assert self.ended, "the connection stayed open"

    def assert_open(self):
        answer = self.ask(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        assert answer.status == 200, answer


def request(method, target, body=None, headers=(), version="HTTP/1.1", host="127.0.0.1"):
    """Bytes of one well-formed request; a dictionary body becomes JSON with its content type."""
    lines = [f"{method} {target} {version}".encode()]
    if host is not None:
        lines.append(b"Host: " + host.encode())
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
        pairs.append(("Content-Type", "application/json"))
    if body is not None:
        pairs.append(("Content-Length", str(len(body))))
    for name, value in pairs:
        lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def chunked(data, size=None, extension=b"", trailers=b""):
    """The chunked coding of `data` in pieces of `size` bytes."""
    size = size or max(len(data), 1)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    coded = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    return coded + b"0\r\n" + trailers + b"\r\n"
