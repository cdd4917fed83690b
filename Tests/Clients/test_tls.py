"""TLS by the service itself: versions, ciphers, ALPN, and a certificate swapped under open connections."""

import os
import signal
import socket
import ssl
import subprocess

import pytest
import requests

import harness
from wire import Wire, request

NEXT = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
AEAD = "ECDHE-ECDSA-AES128-GCM-SHA256"
CBC = "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384"
ALERT, PROTOCOL_VERSION, HANDSHAKE_FAILURE = 21, 70, 40


def make_certificate(directory, name):
    """A self-signed certificate for loopback, made by the openssl command."""
    cert, key = directory / f"{name}.pem", directory / f"{name}.key"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", key, "-out", cert, "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    key.chmod(0o600)
    return cert, key


@pytest.fixture()
def files(tmp_path):
    """The paths that the service is told, holding the first certificate."""
    directory = tmp_path / "tls"
    directory.mkdir()
    cert, key = make_certificate(directory, "first")
    current = directory / "current.pem", directory / "current.key"
    install(current, (cert, key))
    return current


def install(current, new):
    for target, source in zip(current, new, strict=True):
        staged = target.with_suffix(".staged")
        staged.write_bytes(source.read_bytes())
        staged.chmod(0o600)
        os.replace(staged, target)


@pytest.fixture()
def secure(fresh, files):
    cert, key = files
    with harness.Service(fresh, "--tls-cert", cert, "--tls-key", key, scheme="https") as running:
        yield running


def context(**settings):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    for name, value in settings.items():
        if name in ("ciphers", "alpn"):
            {"ciphers": made.set_ciphers, "alpn": made.set_alpn_protocols}[name](value)
        else:
            setattr(made, name, value)
    return made


def connect(service, made, name="localhost"):
    plain = socket.create_connection(service.address, timeout=15)
    try:
        return made.wrap_socket(plain, server_hostname=name)
    except Exception:
        plain.close()
        raise


def common_name(sock):
    """The subject's common name of the peer's certificate (as DER, since nothing is verified here)."""
    from cryptography import x509

    made = x509.load_der_x509_certificate(sock.getpeercert(binary_form=True))
    return made.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value


def only(version):
    return {"minimum_version": version, "maximum_version": version}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_that_work(secure, version):
    sock = connect(secure, context(**only(version), alpn=["h2", "http/1.1"]))
    assert sock.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]
    assert sock.selected_alpn_protocol() == "http/1.1"
    assert any(word in sock.cipher()[0] for word in ("GCM", "CHACHA20"))
    with Wire(None, sock=sock) as conn:
        for _ in range(20):
            assert conn.ask(NEXT).status == 200


def test_the_best_version_is_taken(secure):
    with connect(secure, context()) as sock:
        assert sock.version() == "TLSv1.3"


def test_the_whole_job_over_tls(secure, files):
    client = requests.Session()
    client.trust_env, client.verify = False, str(files[0])
    minted = client.post(
        f"{secure.url}/v1/invites",
        json={"campaign_id": "camp_tls", "participant_email": harness.email()},
        headers={"Authorization": f"Bearer {secure.deployment.secret}"},
        timeout=15,
    )
    assert minted.status_code == 201
    assert minted.headers["Strict-Transport-Security"] == "max-age=31536000"
    opened = client.post(
        f"{secure.url}/v1/widget/sessions", json={"invite_token": minted.json()["invite_token"]}, timeout=15
    )
    assert opened.status_code == 201
    nowhere = client.get(f"{secure.url}/nowhere", timeout=15)
    assert nowhere.status_code == 404 and nowhere.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_plain_http_does_not_speak_of_tls(service):
    answer = requests.get(f"{service.url}/livez", timeout=15)
    assert answer.status_code == 200 and "Strict-Transport-Security" not in answer.headers


def hello_bytes(made):
    """What a client with this context says first, without a network: proof that it does try."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = made.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def alert_to(service, hello):
    """The alert that answers a client hello; then the connection must end."""
    with socket.create_connection(service.address, timeout=15) as sock:
        sock.sendall(hello)
        data = b""
        try:
            while chunk := sock.recv(4096):
                data += chunk
        except ConnectionResetError:
            pass
    assert data[:1] == bytes([ALERT]), f"no alert but {data[:20].hex()}"
    return data[6]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(secure, version):
    made = context()
    made.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        made.minimum_version = version
        made.maximum_version = version
    hello = hello_bytes(made)
    assert hello[0] == 22 and hello[9:11] == {"TLSv1": b"\x03\x01", "TLSv1_1": b"\x03\x02"}[version.name]
    assert alert_to(secure, hello) in (PROTOCOL_VERSION, HANDSHAKE_FAILURE)


def test_cbc_ciphers_are_refused(secure):
    settings = only(ssl.TLSVersion.TLSv1_2)
    with connect(secure, context(**settings, ciphers=AEAD)) as sock:
        assert sock.cipher()[0] == AEAD
    assert alert_to(secure, hello_bytes(context(**settings, ciphers=CBC))) == HANDSHAKE_FAILURE


def test_alpn_without_http_1_1(secure):
    """RFC 7301 ends such a handshake; a server that goes on must at least not claim h2."""
    try:
        with connect(secure, context(alpn=["h2"])) as sock:
            assert sock.selected_alpn_protocol() is None
    except ssl.SSLError as refusal:
        assert "ALERT" in str(refusal).upper()
    with connect(secure, context()) as sock:
        assert sock.selected_alpn_protocol() is None
        assert Wire(None, sock=sock).ask(NEXT).status == 200


def test_plain_http_on_the_tls_port_harms_nobody(secure):
    for data in (
        NEXT,
        b"",
        b"\x16\x03\x01",
        b"\x16\x03\x01\xff\xff" + b"\0" * 300,
        b"\x80\x2e\x01\x00\x02",
        b"\xff" * 5_000,
    ):
        with socket.create_connection(secure.address, timeout=15) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            received = b""
            try:
                while chunk := sock.recv(4096):
                    received += chunk
            except ConnectionResetError:
                pass
            assert b"200 OK" not in received
    with connect(secure, context()) as sock:
        assert Wire(None, sock=sock).ask(NEXT).status == 200


def test_close_notify_ends_a_closed_connection(secure):
    sock = connect(secure, context())
    conn = Wire(None, sock=sock)
    answer = conn.ask(NEXT.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answer.status == 200
    # Without close_notify, Python's ssl raises SSLEOFError here instead of an empty read.
    assert sock.recv(1) == b""
    sock.close()


def test_a_large_answer_and_a_large_body(secure):
    with Wire(None, sock=connect(secure, context())) as conn:
        items = [{"campaign_id": "camp_tls", "participant_email": harness.email()} for _ in range(1_000)]
        headers = {"Authorization": f"Bearer {secure.deployment.secret}"}
        answer = conn.ask(request("POST", "/v1/invites/batch", {"invites": items}, headers))
        assert answer.status == 200 and len(answer.json()["results"]) == 1_000
        assert conn.ask(NEXT).status == 200


def test_sighup_swaps_the_certificate_and_drops_nothing(secure, files, tmp_path):
    old = connect(secure, context())
    held = Wire(None, sock=old)
    assert held.ask(NEXT).status == 200 and common_name(old) == "first"
    half = Wire(None, sock=connect(secure, context()))
    half.send(NEXT[:20])

    def name_of_a_new_connection():
        with connect(secure, context()) as sock:
            assert Wire(None, sock=sock).ask(NEXT).status == 200
            return common_name(sock)

    install(files, make_certificate(tmp_path, "second"))
    assert name_of_a_new_connection() in ("first", "second")
    secure.process.send_signal(signal.SIGHUP)
    harness.wait_until("the second certificate is served", lambda: name_of_a_new_connection() == "second")
    assert held.ask(NEXT).status == 200
    half.send(NEXT[20:])
    assert half.read().status == 200

    # A broken file is not taken: the certificate in hand goes on.
    for path in files:
        path.write_text("no certificate at all\n")
    secure.process.send_signal(signal.SIGHUP)
    assert {name_of_a_new_connection() for _ in range(20)} == {"second"}
    install(files, make_certificate(tmp_path, "third"))
    secure.process.send_signal(signal.SIGHUP)
    harness.wait_until("the third certificate is served", lambda: name_of_a_new_connection() == "third")
    assert held.ask(NEXT).status == 200 and half.ask(NEXT).status == 200
    held.close()
    half.close()


def test_a_bad_pair_refuses_to_start(fresh, tmp_path):
    one, two = make_certificate(tmp_path, "one"), make_certificate(tmp_path, "two")
    for cert, key in ((one[0], two[1]), (one[1], one[0]), (tmp_path / "absent.pem", one[1]), (one[0], None)):
        words = ["--tls-cert", cert] + (["--tls-key", key] if key else [])
        done = harness.run_cli(
            "serve", "--data-dir", fresh.data_dir, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", *words
        )
        assert done.returncode != 0 and done.err.strip(), words
