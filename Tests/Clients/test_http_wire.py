"""HTTP/1.1 on a raw socket: any framing doubt is answered once and the connection closed; good oddities work."""

import json
import re
import socket

import pytest

import formats
import harness
from harness import campaign, email
from wire import Wire, chunked, request

MINT = {"campaign_id": "camp_wire", "participant_email": "wire@canary-mail.example"}
MINT_BYTES = json.dumps(MINT).encode()
NEXT = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
BODY_BYTES_MAX = 16 * 1024
BATCH_BYTES_MAX = 1024 * 1024


@pytest.fixture()
def conn(service):
    with Wire(service.address) as made:
        yield made


@pytest.fixture()
def key(service):
    return {"Authorization": f"Bearer {service.deployment.secret}"}


def check(answer):
    """What holds for every answer, and for every error body."""
    assert formats.REQUEST_ID.match(answer.get("Request-Id", "")), answer.raw_head
    assert answer.get("X-Content-Type-Options") == "nosniff", answer.raw_head
    assert re.match(r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$", answer.get("Date", "")), (
        answer.raw_head
    )
    if answer.status >= 400 and answer.body:
        error = answer.json()["error"]
        assert error["status"] == answer.status and error["request_id"] == answer.get("Request-Id")
    return answer


def assert_refused_and_closed(conn, data, statuses):
    """One error answer, `Connection: close`, end of connection; the request smuggled behind is never answered."""
    conn.send(data)
    answer = check(conn.read())
    assert answer.status in statuses, answer
    assert (answer.get("Connection") or "").lower() == "close", answer.raw_head
    conn.assert_closed()


# -- framing ------------------------------------------------------------------------------------


def post(*lines, body=b"", path=b"/v1/widget/sessions", version=b"HTTP/1.1", host=b"Host: a\r\n"):
    fields = b"".join(line + b"\r\n" for line in lines)
    return (
        b"POST "
        + path
        + b" "
        + version
        + b"\r\n"
        + host
        + b"Content-Type: application/json\r\n"
        + fields
        + b"\r\n"
        + body
    )


def get(*lines, target=b"/livez", version=b"HTTP/1.1", host=b"Host: a\r\n", method=b"GET"):
    return (
        method + b" " + target + b" " + version + b"\r\n" + host + b"".join(line + b"\r\n" for line in lines) + b"\r\n"
    )


CHUNKED = b"2\r\n{}\r\n0\r\n\r\n"
TE = b"Transfer-Encoding: chunked"

FRAMING = {
    "CL and TE": post(b"Content-Length: 12", TE, body=CHUNKED),
    "TE and CL": post(TE, b"Content-Length: 12", body=CHUNKED),
    "TE and CL 0": post(TE, b"Content-Length: 0", body=CHUNKED),
    "two CL, different": post(b"Content-Length: 2", b"Content-Length: 4", body=b"{}  "),
    "two CL, equal": post(b"Content-Length: 2", b"Content-Length: 2", body=b"{}"),
    "CL list": post(b"Content-Length: 2, 2", body=b"{}"),
    "CL plus": post(b"Content-Length: +2", body=b"{}"),
    "CL minus": post(b"Content-Length: -2", body=b"{}"),
    "CL hex": post(b"Content-Length: 0x2", body=b"{}"),
    "CL with a letter": post(b"Content-Length: 2a", body=b"{}"),
    "CL with a space inside": post(b"Content-Length: 2 0", body=b"{}"),
    "CL empty": post(b"Content-Length:", body=b"{}"),
    "CL with a point": post(b"Content-Length: 2.0", body=b"{}"),
    "CL over 64 bits": post(b"Content-Length: 18446744073709551618", body=b"{}"),
    "CL of 100 digits": post(b"Content-Length: " + b"9" * 100, body=b"{}"),
    "CL quoted": post(b'Content-Length: "2"', body=b"{}"),
    "TE twice": post(TE, TE, body=CHUNKED),
    "TE chunked, chunked": post(b"Transfer-Encoding: chunked, chunked", body=CHUNKED),
    "TE chunked, identity": post(b"Transfer-Encoding: chunked, identity", body=CHUNKED),
    "TE identity": post(b"Transfer-Encoding: identity", body=b"{}"),
    "TE gzip, chunked": post(b"Transfer-Encoding: gzip, chunked", body=CHUNKED),
    "TE gzip": post(b"Transfer-Encoding: gzip", body=b"{}"),
    "TE xchunked": post(b"Transfer-Encoding: xchunked", body=CHUNKED),
    "TE chunkedx": post(b"Transfer-Encoding: chunkedx", body=CHUNKED),
    "TE with a parameter": post(b"Transfer-Encoding: chunked;q=1", body=CHUNKED),
    "TE quoted": post(b'Transfer-Encoding: "chunked"', body=CHUNKED),
    "TE empty": post(b"Transfer-Encoding:", body=CHUNKED),
    "TE with a comma": post(b"Transfer-Encoding: ,chunked", body=CHUNKED),
    "TE with a vertical tab": post(b"Transfer-Encoding: \x0bchunked", body=CHUNKED),
    "TE with a space before the colon": post(b"Transfer-Encoding : chunked", body=CHUNKED),
    "TE folded": post(b"Transfer-Encoding:\r\n chunked", body=CHUNKED),
    "TE after a bare CR": post(b"X: y\rTransfer-Encoding: chunked", b"Content-Length: 2", body=b"{}"),
    "TE after a bare LF": post(b"X: y\nTransfer-Encoding: chunked", b"Content-Length: 2", body=b"{}"),
    "TE in HTTP/1.0": post(TE, version=b"HTTP/1.0", body=CHUNKED),
    "CL with a space before the colon": post(b"Content-Length : 2", body=b"{}"),
}

CHUNKS = {
    "size 0x": b"0x2\r\n{}\r\n0\r\n\r\n",
    "size plus": b"+2\r\n{}\r\n0\r\n\r\n",
    "size minus": b"-2\r\n{}\r\n0\r\n\r\n",
    "size underscore": b"0_2\r\n{}\r\n0\r\n\r\n",
    "size space before": b" 2\r\n{}\r\n0\r\n\r\n",
    "size empty": b"\r\n{}\r\n0\r\n\r\n",
    "size no hex": b"g\r\n{}\r\n0\r\n\r\n",
    "size of 64 bits": b"ffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "size of 65 bits": b"10000000000000002\r\n{}\r\n0\r\n\r\n",
    "size of 200 digits": b"0" * 199 + b"2\r\n{}\r\n0\r\n\r\n",
    "bare LF after the size": b"2\n{}\r\n0\r\n\r\n",
    "bare CR after the size": b"2\r{}\r\n0\r\n\r\n",
    "bare LF after the data": b"2\r\n{}\n0\r\n\r\n",
    "data longer than said": b"2\r\n{}}\r\n0\r\n\r\n",
    "data shorter than said": b"4\r\n{}\r\n0\r\n\r\n",
    "bare LF at the end": b"2\r\n{}\r\n0\n\n",
    "extension with a bare LF": b"2;a\nb\r\n{}\r\n0\r\n\r\n",
    "extension with a bare CR": b"2;a\rb\r\n{}\r\n0\r\n\r\n",
    "extension with NUL": b"2;a\0b\r\n{}\r\n0\r\n\r\n",
    "extension of 5,000 bytes": b"2;" + b"a" * 5_000 + b"\r\n{}\r\n0\r\n\r\n",
    "extensions of 40 kB in all": b"".join(b"1;" + b"a" * 200 + b"\r\n \r\n" for _ in range(200)) + b"0\r\n\r\n",
    "trailer with a space before the colon": b"2\r\n{}\r\n0\r\nX : y\r\n\r\n",
    "trailer without a colon": b"2\r\n{}\r\n0\r\nX\r\n\r\n",
    "trailer folded": b"2\r\n{}\r\n0\r\nX: y\r\n z\r\n\r\n",
    "trailer with a bare LF": b"2\r\n{}\r\n0\r\nX: y\n\r\n",
    "trailer with NUL": b"2\r\n{}\r\n0\r\nX: \0\r\n\r\n",
}

HEADS = {
    "bare LF": b"GET /livez HTTP/1.1\nHost: a\n\n",
    "bare LF after the request line": b"GET /livez HTTP/1.1\nHost: a\r\n\r\n",
    "bare CR": b"GET /livez HTTP/1.1\rHost: a\r\r",
    "bare CR in a value": get(b"X: a\rb"),
    "NUL in a value": get(b"X: a\0b"),
    "control in a value": get(b"X: a\x01b"),
    "DEL in a value": get(b"X: a\x7fb"),
    "NUL in a name": get(b"X\0: a"),
    "fold": get(b"X: a", b" b"),
    "fold by tab": get(b"X: a", b"\tb"),
    "fold in the first line": b"GET /livez HTTP/1.1\r\n Host: a\r\n\r\n",
    "space before the colon": get(b"X : a"),
    "tab before the colon": get(b"X\t: a"),
    "no colon": get(b"X"),
    "empty name": get(b": a"),
    "space in a name": get(b"X Y: a"),
    "parenthesis in a name": get(b"X(Y): a"),
    "high byte in a name": get(b"X\xe4: a"),
    "colon at the end of nothing": get(b":"),
    "no Host": get(host=b""),
    "two Hosts": get(b"Host: a"),
    "two different Hosts": get(b"Host: b"),
    "empty Host": get(host=b"Host:\r\n"),
    "Host with a space": get(host=b"Host: a b\r\n"),
    "Host with a slash": get(host=b"Host: a/b\r\n"),
    "Host with user": get(host=b"Host: u@a\r\n"),
    "Host with a bad port": get(host=b"Host: a:x\r\n"),
    "no version": b"GET /livez\r\nHost: a\r\n\r\n",
    "HTTP/0.9": b"GET /livez\r\n\r\n",
    "lower-case version": get(version=b"http/1.1"),
    "HTTP/1": get(version=b"HTTP/1"),
    "HTTP/1.10": get(version=b"HTTP/1.10"),
    "HTTP/11": get(version=b"HTTP/11"),
    "HTTP/1,1": get(version=b"HTTP/1,1"),
    "version with a tail": get(version=b"HTTP/1.1x"),
    "HTTPS": get(version=b"HTTPS/1.1"),
    "two spaces before the target": b"GET  /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "two spaces before the version": b"GET /livez  HTTP/1.1\r\nHost: a\r\n\r\n",
    "tab for a space": b"GET\t/livez\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "space before the method": b" GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "space after the version": b"GET /livez HTTP/1.1 \r\nHost: a\r\n\r\n",
    "space in the target": b"GET /li vez HTTP/1.1\r\nHost: a\r\n\r\n",
    "method with a slash": get(method=b"G/T"),
    "method with a high byte": get(method=b"G\xc4T"),
    "no method": b" /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "target without a slash": get(target=b"livez"),
    "target with a fragment": get(target=b"/livez#a"),
    "target with a high byte": get(target=b"/livez\xff"),
    "target with NUL": get(target=b"/livez\0"),
    "target with an escape character": get(target=b"/livez\x1b"),
    "asterisk for GET": get(target=b"*"),
    "nothing but colons": b":::\r\n\r\n",
    "binary": bytes(range(128, 256)) + b"\r\n\r\n",
    "TLS hello": bytes.fromhex("160301020001000001fc0303") + b"\0" * 40 + b"\r\n\r\n",
}

VERSIONS = {
    "HTTP/2.0": get(version=b"HTTP/2.0"),
    "HTTP/1.2": get(version=b"HTTP/1.2"),
    "HTTP/3": get(version=b"HTTP/3.0"),
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("name", FRAMING)
def test_framing_doubts(conn, name):
    statuses = (400, 413) if name.startswith(("CL over", "CL of 100")) else (400,)
    assert_refused_and_closed(conn, FRAMING[name] + NEXT, statuses)


@pytest.mark.parametrize("name", CHUNKS)
def test_chunk_doubts(conn, name):
    statuses = (400, 413) if "size of" in name else (400,)
    statuses = (400, 413, 431) if "extension" in name and "bytes" in name or "in all" in name else statuses
    assert_refused_and_closed(conn, post(TE, body=CHUNKS[name]) + NEXT, statuses)


@pytest.mark.parametrize("name", HEADS)
def test_head_doubts(conn, name):
    assert_refused_and_closed(conn, HEADS[name] + NEXT, (400,))


@pytest.mark.parametrize("name", VERSIONS)
def test_other_versions(conn, name):
    conn.send(VERSIONS[name] + NEXT)
    answer = check(conn.read())
    if name == "HTTP/1.2" and answer.status == 200:
        return  # a higher minor version may be answered as 1.1 (RFC 9110, 2.5)
    assert answer.status in (400, 505), answer
    conn.assert_closed()


def test_a_connect_request_opens_no_tunnel(conn):
    conn.send(b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n" + NEXT)
    assert check(conn.read()).status in (400, 405, 501)


def test_a_refusal_in_a_pipeline_ends_it(conn):
    """What came before is answered, the doubt is answered, what comes after is not."""
    conn.send(NEXT + NEXT + FRAMING["CL and TE"] + NEXT + NEXT)
    assert [check(conn.read()).status for _ in range(3)] == [200, 200, 400]
    conn.assert_closed()


def test_the_service_is_well_after_all_that(conn):
    conn.assert_open()


# -- good oddities ------------------------------------------------------------------------------


def test_chunked_bodies(service, key):
    for size, extension, trailers in (
        (None, b"", b""),
        (1, b"", b""),
        (7, b";name=value", b""),
        (16, b';name="quoted value"', b"X-Checksum: abc\r\nX-Other: d\r\n"),
    ):
        with Wire(service.address) as conn:
            head = request(
                "POST",
                "/v1/invites",
                headers={**key, "Content-Type": "application/json", "Transfer-Encoding": "chunked"},
            )
            answer = check(conn.ask(head + chunked(MINT_BYTES, size, extension, trailers)))
            assert answer.status == 201, answer
            conn.assert_open()


def test_chunk_sizes_in_both_cases_of_hex(service, key):
    body = MINT_BYTES + b" " * (0xAB - len(MINT_BYTES))
    for size in (b"ab", b"AB", b"aB", b"00ab"):
        with Wire(service.address) as conn:
            head = request(
                "POST",
                "/v1/invites",
                headers={**key, "Content-Type": "application/json", "Transfer-Encoding": "chunked"},
            )
            assert conn.ask(head + size + b"\r\n" + body + b"\r\n0\r\n\r\n").status == 201


def test_a_trailer_is_no_header(service, key):
    """A credential or a length in the trailers counts for nothing."""
    with Wire(service.address) as conn:
        head = request(
            "POST", "/v1/invites", headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        )
        line = f"Authorization: {key['Authorization']}\r\n".encode()
        assert conn.ask(head + chunked(MINT_BYTES, trailers=line)).status in (400, 401)


def test_one_byte_at_a_time(service, key):
    with Wire(service.address) as conn:
        for byte in request("POST", "/v1/invites", MINT, key):
            conn.send(bytes([byte]))
        assert check(conn.read()).status == 201
        conn.assert_open()


def test_every_split_in_two(service):
    data = request("POST", "/v1/widget/sessions", {"invite_token": "x"}) + NEXT
    with Wire(service.address) as conn:
        for at in range(1, len(data)):
            conn.send(data[:at])
            conn.send(data[at:])
            assert [conn.read().status, conn.read().status] == [401, 200], at


def test_pipelining_keeps_the_order(service, key):
    camps = [campaign("pipe") for _ in range(40)]
    bodies = [{"campaign_id": camp, "participant_email": email()} for camp in camps]
    with Wire(service.address) as conn:
        conn.send(b"".join(request("POST", "/v1/invites", body, key) + NEXT for body in bodies))
        for camp in camps:
            answer = check(conn.read())
            assert answer.status == 201 and answer.json()["campaign_id"] == camp
            assert check(conn.read()).status == 200


def test_keep_alive_serves_many(service):
    with Wire(service.address) as conn:
        assert {conn.ask(NEXT).status for _ in range(300)} == {200}


def test_connection_close_is_obeyed(conn):
    answer = check(conn.ask(get(b"Connection: close")))
    assert answer.status == 200 and answer.get("Connection").lower() == "close"
    conn.assert_closed()


def test_close_in_a_list_and_in_any_case(conn):
    assert check(conn.ask(get(b"Connection: Keep-Alive, CLOSE") + NEXT)).status == 200
    conn.assert_closed()


def test_the_client_may_close_its_half(conn):
    conn.send(NEXT)
    conn.sock.shutdown(socket.SHUT_WR)
    assert check(conn.read()).status == 200
    conn.assert_closed()


def test_an_empty_line_before_a_request(conn):
    """RFC 9112, 2.2: a server should ignore one; refusing it is allowed to a strict server, answering badly is not."""
    conn.send(b"\r\n" + NEXT)
    answer = check(conn.read())
    if answer.status != 200:
        assert answer.status == 400
        conn.assert_closed()


def test_http_1_0(service):
    with Wire(service.address) as conn:
        conn.send(b"GET /livez HTTP/1.0\r\n\r\n")
        answer = check(conn.read())
        assert answer.status == 200
        conn.assert_closed()
    with Wire(service.address) as conn:
        conn.send(b"GET /.well-known/jwks.json HTTP/1.0\r\nHost: a\r\n\r\n")
        answer = check(conn.read())
        assert answer.status == 200 and answer.json()["keys"] and answer.get("Transfer-Encoding") is None
        conn.assert_closed()


def test_absolute_form(service, conn):
    host, port = service.address
    target = f"http://{host}:{port}/livez".encode()
    assert check(conn.ask(get(target=target, host=f"Host: {host}:{port}\r\n".encode()))).status == 200
    assert check(conn.ask(get(target=target + b"?", host=b"Host: a\r\n"))).status in (200, 400)


@pytest.mark.parametrize(
    "target", [b"http://", b"http:///livez", b"ftp://a/livez", b"http://a b/livez", b"//a/livez", b"http://u:p@a/livez"]
)
def test_bad_absolute_forms(conn, target):
    conn.send(get(target=target))
    assert check(conn.read()).status in (400, 404), target


def test_expect_100_continue(service, key):
    head = request(
        "POST", "/v1/invites",
        headers={**key, "Content-Type": "application/json", "Content-Length": str(len(MINT_BYTES)), "Expect": "100-continue"},
    )  # fmt: skip
    with Wire(service.address) as conn:
        conn.send(head)
        assert conn.read(interim=True).status == 100
        conn.send(MINT_BYTES)
        assert check(conn.read()).status == 201
        conn.assert_open()
    with Wire(service.address) as conn:  # a client that does not wait
        conn.send(head + MINT_BYTES)
        assert check(conn.read()).status == 201
        conn.assert_open()
    with Wire(service.address) as conn:  # the size is refused before a byte of the body is sent
        conn.send(head.replace(str(len(MINT_BYTES)).encode(), b"99999"))
        answer = check(conn.read(interim=True))
        assert answer.status == 413
        conn.assert_closed()


def test_expect_without_a_key(service):
    """Refused at once or after the body, but never a request left over on the connection (0.CL)."""
    smuggled = NEXT
    head = request(
        "POST", "/v1/invites",
        headers={"Content-Type": "application/json", "Content-Length": str(len(smuggled)), "Expect": "100-continue"},
    )  # fmt: skip
    with Wire(service.address) as conn:
        conn.send(head)
        first = conn.read(interim=True)
        if first.status == 100:
            conn.send(smuggled)
            assert check(conn.read()).status == 401
            conn.assert_open()
        else:
            assert check(first).status == 401
            conn.send(smuggled)
            try:
                after = conn.read()
            except Exception:  # noqa: BLE001 - closed, as it may be
                return
            assert after.status != 200, "the refused body was taken for a request"


def test_other_expectations(conn):
    conn.send(post(b"Expect: 200-maybe", b"Content-Length: 2", body=b"{}"))
    assert check(conn.read()).status in (400, 417)


def test_unread_bodies_never_become_requests(service):
    """Errors told before the body is read: the body is consumed, or the connection ends."""
    for head in (
        request("POST", "/v1/nothing", headers={"Content-Length": str(len(NEXT))}),
        request("PUT", "/v1/invites", headers={"Content-Length": str(len(NEXT))}),
        request("POST", "/v1/invites", headers={"Content-Length": str(len(NEXT)), "Content-Type": "text/plain"}),
        request("POST", "/v1/invites", headers={"Content-Length": str(len(NEXT)), "Content-Type": "application/json"}),
        request("GET", "/livez", headers={"Content-Length": str(len(NEXT))}),
        request("DELETE", "/v1/widget/session", headers={"Content-Length": str(len(NEXT))}),
    ):
        with Wire(service.address) as conn:
            conn.send(head + NEXT)
            check(conn.read())
            try:
                after = conn.ask(request("GET", "/v1/nothing-after"))
            except Exception:  # noqa: BLE001 - closed, as it may be
                continue
            assert after.status == 404, head


# -- methods ------------------------------------------------------------------------------------


ROUTES = {
    "/v1/invites": {"GET", "POST"},
    "/v1/invites/batch": {"POST"},
    f"/v1/invites/{formats.unknown_id('inv')}": {"GET", "DELETE"},
    "/v1/participant-tokens": {"POST"},
    "/v1/tokens/verify": {"POST"},
    "/v1/tokens/introspect": {"POST"},
    "/v1/revocations": {"POST"},
    "/v1/api-keys": {"GET", "POST"},
    "/v1/audit-events": {"GET"},
    "/v1/widget/sessions": {"POST"},
    "/v1/widget/session": {"GET", "DELETE"},
    "/v1/widget/session/renew": {"POST"},
    "/v1/forward-auth": {"GET"},
    "/.well-known/jwks.json": {"GET"},
    "/livez": {"GET"},
    "/readyz": {"GET"},
    "/openapi.yaml": {"GET"},
}
IDS_UNDER = {"/v1/invites/batch": {"GET", "DELETE"}}  # also an (unknown) invite id by its shape


@pytest.mark.parametrize("path", ROUTES)
def test_other_methods_are_405_with_allow(service, key, path):
    for method in ("PUT", "PATCH", "POST", "GET", "DELETE", "TRACE", "BREW"):
        if method in ROUTES[path] or method in IDS_UNDER.get(path, ()):
            continue
        with Wire(service.address) as conn:
            answer = check(conn.ask(request(method, path, headers=key)))
            assert answer.status == 405, (method, path, answer)
            assert answer.json()["error"]["code"] == "method_not_allowed"
            allow = {name.strip() for name in answer.get("Allow").split(",")}
            assert ROUTES[path] <= allow and method not in allow, (path, allow)
            assert b"BREW" not in answer.body and b"Authorization" not in answer.body


def test_methods_are_case_sensitive(conn):
    assert check(conn.ask(get(method=b"get"))).status in (400, 405)


@pytest.mark.parametrize("path", ["/livez", "/.well-known/jwks.json", "/openapi.yaml"])
def test_head_is_get_without_a_body(service, path):
    with Wire(service.address) as conn:
        full = check(conn.ask(request("GET", path)))
        short = check(conn.ask(request("HEAD", path), head=True))
        assert short.status == full.status == 200
        assert short.get("Content-Length") in (str(len(full.body)), None)
        assert short.get("Content-Type") == full.get("Content-Type")
        conn.assert_open()


def test_head_of_lists_and_errors(service, key):
    with Wire(service.address) as conn:
        assert check_head(conn.ask(request("HEAD", "/v1/invites", headers=key), head=True)).status == 200
        assert check_head(conn.ask(request("HEAD", "/v1/nothing", headers=key), head=True)).status == 404
        assert check_head(conn.ask(request("HEAD", "/v1/invites"), head=True)).status == 401
        conn.assert_open()


def check_head(answer):
    assert formats.REQUEST_ID.match(answer.get("Request-Id", "")) and answer.body == b""
    return answer


# -- sizes -------------------------------------------------------------------------------------------


def code(answer):
    return answer.json()["error"]["code"]


def test_bodies_of_16_kb_and_one_more(service, key):
    with Wire(service.address) as conn:
        padded = MINT_BYTES + b" " * (BODY_BYTES_MAX - len(MINT_BYTES))
        headers = {**key, "Content-Type": "application/json"}
        assert check(conn.ask(request("POST", "/v1/invites", padded, headers))).status == 201
        answer = check(conn.ask(request("POST", "/v1/invites", padded + b" ", headers)))
        assert answer.status == 413 and code(answer) == "payload_too_large"


def test_a_declared_size_is_refused_before_the_body(service, key):
    with Wire(service.address) as conn:
        headers = {**key, "Content-Type": "application/json", "Content-Length": "1000000000"}
        answer = check(conn.ask(request("POST", "/v1/invites", headers=headers)))
        assert answer.status == 413
        conn.assert_closed()


def test_chunked_bodies_over_the_limit(service, key):
    with Wire(service.address) as conn:
        headers = {**key, "Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        conn.send(request("POST", "/v1/invites", headers=headers) + chunked(b" " * (BODY_BYTES_MAX + 1), 1_000))
        assert check(conn.read()).status == 413
        conn.assert_closed()


def test_batches_of_1_mib_and_one_more(service, key):
    body = json.dumps({"invites": [MINT]}).encode()
    headers = {**key, "Content-Type": "application/json"}
    for extra, status in ((0, 200), (1, 413)):
        with Wire(service.address) as conn:
            padded = body + b" " * (BATCH_BYTES_MAX - len(body) + extra)
            assert check(conn.ask(request("POST", "/v1/invites/batch", padded, headers))).status == status


def test_long_targets(service, key):
    for length, statuses in ((4_000, (400, 404)), (9_000, (414,)), (15_000, (414, 431))):
        with Wire(service.address) as conn:
            answer = check(conn.ask(request("GET", "/v1/invites?cursor=" + "a" * length, headers=key)))
            assert answer.status in statuses, (length, answer)
            if answer.status == 414:
                assert code(answer) == "uri_too_long"


def test_an_endless_target(service):
    with Wire(service.address) as conn:
        conn.send(b"GET /" + b"a" * 200_000)
        assert check(conn.read()).status in (414, 431)
        conn.assert_closed()


def test_large_heads(service):
    for fields, status in (
        ([("X-Fill", "a" * 8_000)], 200),
        ([(f"X-{at}", "b") for at in range(90)], 200),
        ([(f"X-{at}", "b") for at in range(101)], 431),
        ([("X-Fill", "a" * 17_000)], 431),
        ([(f"X-{at}", "a" * 1_000) for at in range(20)], 431),
        ([("Cookie", "a=b; " * 4_000)], 431),
        ([("N" * 17_000, "x")], 431),
    ):
        with Wire(service.address) as conn:
            answer = check(conn.ask(request("GET", "/livez", headers=fields)))
            assert answer.status == status, (len(fields), answer)
            if status == 431:
                assert code(answer) == "headers_too_large"
                conn.assert_closed()


def test_an_endless_head(service):
    with Wire(service.address) as conn:
        conn.send(b"GET /livez HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 20_000)
        assert check(conn.read()).status == 431
        conn.assert_closed()


def test_an_endless_method(service):
    with Wire(service.address) as conn:
        conn.send(b"A" * 100_000)
        assert check(conn.read()).status in (400, 414, 431, 501)
        conn.assert_closed()


def test_many_trailers(service, key):
    with Wire(service.address) as conn:
        headers = {**key, "Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        trailers = b"".join(b"X-%d: %s\r\n" % (at, b"y" * 500) for at in range(200))
        conn.send(request("POST", "/v1/invites", headers=headers) + chunked(MINT_BYTES, trailers=trailers))
        assert check(conn.read()).status in (400, 413, 431)
        conn.assert_closed()


def test_a_client_that_leaves_in_the_middle_harms_nobody(service, key):
    for data in (b"", b"GET", NEXT[:-2], request("POST", "/v1/invites", MINT, key)[:-5], NEXT * 50):
        with Wire(service.address) as conn:
            conn.send(data)
    with Wire(service.address) as conn:
        conn.assert_open()


def test_no_header_can_be_split(service):
    with Wire(service.address) as conn:
        for origin in ("https://a.example%0d%0aX-Evil: 1", "https://a.example\tX-Evil: 1"):
            answer = conn.ask(request("POST", "/v1/widget/sessions", {"invite_token": "x"}, {"Origin": origin}))
            assert answer.status in (400, 401, 403) and answer.get("X-Evil") is None
            assert "\t" not in (answer.get("Access-Control-Allow-Origin") or "")


def test_no_version_is_told(service):
    with Wire(service.address) as conn:
        answer = conn.ask(NEXT)
        assert not re.search(r"\d", answer.get("Server") or ""), answer.get("Server")
        assert answer.get("X-Powered-By") is None


def test_ipv6(fresh):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 loopback on this machine")
    with harness.Service(fresh, listen="[::1]:0") as running:
        assert running.address[0] == "::1"
        running.widget().open(running.api().mint()["invite_token"])


def test_the_admin_listener_parses_as_strictly(service):
    for name in ("CL and TE", "two CL, different", "TE xchunked"):
        with Wire(service.admin_address) as conn:
            assert_refused_and_closed(conn, FRAMING[name].replace(b"/v1/widget/sessions", b"/livez") + NEXT, (400,))
