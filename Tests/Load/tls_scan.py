#!/usr/bin/env python3
"""testssl.sh against the service: protocols, ciphers, known attacks, headers, and what 40 kinds of clients agree on.

    TOKENSERVICE_BIN=… tls_scan.py

A private authority signs the service's certificate, and testssl.sh is told of it. Every finding of severity LOW or above
fails the run, but for two that are a certificate's owner's: where a revocation would be published, and what the DNS says of
authorities. What it could not check is told and does not count: that differs from run to run where its openssl command ends
before a ticket has come. Takes two to four minutes. The last line is `N findings in M checks`; the exit code is 1 where N is not 0.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Clients"))
import harness  # noqa: E402

SEVERE = {"LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL"}
NOT_OURS = {"cert_revocation", "DNS_CAArecord"}
CHECKS_MIN = 100
SECONDS_MAX = 1200


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=30)


def make_certificate(folder):
    """An authority, and a certificate of it for localhost: paths of the authority, the chain and the key."""
    authority, authority_key = folder / "authority.pem", folder / "authority.key"
    request, cert, key, chain = (folder / name for name in ("request.pem", "cert.pem", "cert.key", "chain.pem"))
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *new_key, "-keyout", authority_key, "-out", authority, "-days", "3650", "-subj", "/CN=Scan")
    openssl("req", *new_key, "-keyout", key, "-out", request, "-subj", "/CN=localhost")
    extensions = folder / "extensions"
    extensions.write_text("subjectAltName=DNS:localhost\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n")
    signing = ["-CA", authority, "-CAkey", authority_key, "-CAcreateserial", "-days", "90", "-extfile", extensions]
    openssl("x509", "-req", "-in", request, "-out", cert, *signing)
    chain.write_bytes(cert.read_bytes() + authority.read_bytes())
    key.chmod(0o600)
    return authority, chain, key


def scan(service, authority, report):
    """Runs testssl.sh; its own exit code counts findings, so only the report is believed."""
    command = ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip", "one", "--add-ca", str(authority)]
    command += ["--jsonfile", str(report), f"localhost:{service.address[1]}"]
    subprocess.run(command, timeout=SECONDS_MAX, stdin=subprocess.DEVNULL)
    return json.loads(report.read_text())


def main():
    with tempfile.TemporaryDirectory(prefix="token-service-tls-") as root:
        folder = pathlib.Path(root)
        authority, chain, key = make_certificate(folder)
        deployment = harness.Deployment(folder / "deployment")
        options = ["--tls-cert", chain, "--tls-key", key, "--address-limit", "off"]
        with harness.Service(deployment, *options, scheme="https") as service:
            checks = scan(service, authority, folder / "report.json")
    findings = [each for each in checks if each["severity"] in SEVERE and each["id"] not in NOT_OURS]
    for each in findings + [each for each in checks if each["severity"] == "WARN"]:
        print(f"{each['severity']} {each['id']}: {each['finding']}")
    if len(checks) < CHECKS_MIN:
        sys.exit(f"only {len(checks)} checks: testssl.sh did not come to its end")
    print(f"{len(findings)} findings in {len(checks)} checks")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    os.chdir(pathlib.Path(__file__).resolve().parents[2])
    main()
