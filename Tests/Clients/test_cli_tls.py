"""The whole command line against an https URL whose certificate a private authority signed (`SSL_CERT_FILE`)."""

import datetime
import ipaddress
import json
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import harness
from test_cli import OK, TOKEN_INVALID, UNAVAILABLE

DAY = datetime.timedelta(days=1)


class Authority:
    """A private certificate authority, in memory; what it signs goes to files."""

    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        extension = x509.BasicConstraints(ca=True, path_length=0)
        self.certificate = self._builder(self.name, self.key, DAY).add_extension(extension, True).sign(self.key, hashes.SHA256())

    def _builder(self, subject, key, ends):
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - 3 * DAY).not_valid_after(now + ends)
        )  # fmt: skip

    def write(self, path):
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def issue(self, folder, stem, names=("localhost",), addresses=("127.0.0.1",), ends=DAY):
        """A certificate for a server: the paths of chain and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        every = [x509.DNSName(name) for name in names]
        every += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, stem)])
        builder = self._builder(subject, key, ends).add_extension(x509.SubjectAlternativeName(every), False)
        cert_path, key_path = folder / f"{stem}.pem", folder / f"{stem}.key"
        cert_path.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        key_path.chmod(0o600)
        return cert_path, key_path


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority("Private Authority")
    made.folder = tmp_path_factory.mktemp("authority")
    made.file = made.write(made.folder / "ca.pem")
    return made


@pytest.fixture(scope="module")
def secure(authority, tmp_path_factory):
    cert, key = authority.issue(authority.folder, "server")
    deployment = harness.Deployment(harness.fresh_directory(tmp_path_factory.mktemp("secure")))
    with harness.Service(deployment, "--tls-cert", cert, "--tls-key", key, scheme="https") as running:
        yield running


def command(service, trust, *words, stdin="", host="localhost"):
    """A command against the service by name, trusting one file of authorities alone."""
    env = {"TOKENSERVICE_API_KEY": service.deployment.secret, "SSL_CERT_DIR": "/nonexistent"}
    if trust is not None:
        env["SSL_CERT_FILE"] = str(trust)
    url = f"https://{host}:{service.address[1]}"
    return harness.run_cli(*words, "--url", url, stdin=stdin, env=env)


def test_every_command_works_over_tls_with_a_private_authority(secure, authority, tmp_path):
    def run(*words, stdin="", status=OK):
        done = command(secure, authority.file, *words, stdin=stdin)
        assert done.returncode == status, (words, done.returncode, done.out, done.err)
        return done.out

    def parsed(*words, **more):
        return json.loads(run(*words, "--json", **more))

    key = parsed("key", "create", "--name", "over tls", "--scope", "invites:write")
    assert secure.deployment.key_id in run("key", "list")
    successor = parsed("key", "rotate", key["id"], "--overlap", "1h")
    run("key", "suspend", successor["id"])
    run("key", "resume", successor["id"])
    run("key", "revoke", key["id"], "--family")

    invite = parsed("invite", "create", "--campaign", "camp_tls", "--email", harness.email())
    assert invite["id"] in run("invite", "list", "--campaign", "camp_tls", "--json")
    assert parsed("token", "verify", stdin=invite["invite_token"] + "\n")["code"] == "valid"
    run("invite", "revoke", invite["id"])
    revoked = parsed("token", "verify", stdin=invite["invite_token"] + "\n", status=TOKEN_INVALID)
    assert revoked["code"] == "invite_revoked"

    proposed = tmp_path / "proposed.json"
    proposed.write_text('{"invite":{"default_seconds":600,"max_seconds":3600}}')
    run("policy", "simulate", "--file", str(proposed), "--since", "1d")
    run("policy", "set", "--file", str(proposed))
    run("policy", "set", "--campaign", "camp_tls", "--kind", "invite", "--max", "20m")
    assert "3600" in run("policy", "show", "--json")
    assert "1200" in run("policy", "explain", "--campaign", "camp_tls", "--kind", "invite", "--json")
    assert run("policy", "history", "--json")
    run("policy", "revert", "1")
    run("policy", "remove", "--campaign", "camp_tls")


@pytest.mark.parametrize("host", ("localhost", "127.0.0.1"))
def test_names_and_addresses_of_the_certificate_are_good(secure, authority, host):
    assert command(secure, authority.file, "key", "list", host=host).returncode == OK


def assert_not_talked_to(service, done):
    """An error in words, and no request: the key went nowhere."""
    assert done.returncode in (1, UNAVAILABLE), (done.returncode, done.out, done.err)
    assert done.out == "" and done.err.strip() and service.deployment.secret not in done.err


def test_an_authority_that_nobody_trusts_gets_no_key(secure, authority, tmp_path):
    other = Authority("Private Authority").write(tmp_path / "other.pem")  # the same name, another key
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    before = requests_seen(secure)
    for trust in (None, other, empty, tmp_path / "missing.pem"):
        assert_not_talked_to(secure, command(secure, trust, "key", "list"))
    assert requests_seen(secure) == before
    assert command(secure, authority.file, "key", "list").returncode == OK
    assert requests_seen(secure) == before + 1


def requests_seen(service):
    """How many requests the public listener has answered."""
    text = service.api("").call("GET", "/metrics", base=service.admin_url).text
    counts = re.findall(r'^http_responses_total\{.*listener="public".*\} (\d+)$', text, re.MULTILINE)
    assert len(counts) == 5
    return sum(map(int, counts))


@pytest.mark.parametrize(
    "wrong",
    (
        {"names": ("elsewhere.example",), "addresses": ()},
        {"names": ("localhost.evil.example", "*.localhost"), "addresses": ("127.0.0.2",)},
        {"ends": -DAY},
    ),
    ids=("another name", "names that are nearly right", "expired"),
)
def test_a_certificate_that_is_wrong_gets_no_key(authority, tmp_path, wrong):
    cert, key = authority.issue(tmp_path, "wrong", **wrong)
    deployment = harness.Deployment(harness.fresh_directory(tmp_path))
    with harness.Service(deployment, "--tls-cert", cert, "--tls-key", key, scheme="https") as running:
        before = requests_seen(running)
        assert_not_talked_to(running, command(running, authority.file, "key", "list"))
        assert requests_seen(running) == before
