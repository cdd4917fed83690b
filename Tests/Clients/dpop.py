"""A DPoP client (RFC 9449) on `cryptography` alone: makes proofs, and proofs that are wrong in one thing."""

import base64
import hashlib
import json
import time
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

import formats


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def dumps(value):
    return json.dumps(value, separators=(",", ":")).encode()


def access_token_hash(token):
    return encode(hashlib.sha256(token.encode()).digest())


class Key:
    """A P-256 or Ed25519 key pair with its public JWK and thumbprint."""

    def __init__(self, alg="ES256"):
        self.alg = alg
        if alg == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
            numbers = self.private.public_key().public_numbers()
            x, y = (encode(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
            self.jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        else:
            self.private = ed25519.Ed25519PrivateKey.generate()
            self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode(self.private.public_key().public_bytes_raw())}

    @property
    def thumbprint(self):
        """RFC 7638: the required members, sorted, without white space."""
        return encode(hashlib.sha256(json.dumps(self.jwk, sort_keys=True, separators=(",", ":")).encode()).digest())

    @property
    def private_number(self):
        return encode(self.private.private_numbers().private_value.to_bytes(32, "big"))

    def sign(self, data, high=None):
        """The raw signature; `high` asks for the higher or lower twin of s (ES256), None takes what comes."""
        if self.alg != "ES256":
            return self.private.sign(data)
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        if high is not None and (s > formats.P256_ORDER // 2) != high:
            s = formats.P256_ORDER - s
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def jws(self, header, payload, high=None):
        """Any header and payload, signed; texts and bytes are taken as they are."""
        parts = [part if isinstance(part, bytes) else dumps(part) for part in (header, payload)]
        text = ".".join(encode(part) for part in parts)
        return f"{text}.{encode(self.sign(text.encode(), high))}"

    def header(self, **changed):
        header = {"typ": "dpop+jwt", "alg": self.alg, "jwk": self.jwk, **changed}
        return {name: value for name, value in header.items() if value is not ...}

    def claims(self, method, url, token=None, nonce=None, **changed):
        """The claims of a good proof; `...` leaves one out."""
        claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": int(time.time())}
        if token is not None:
            claims["ath"] = access_token_hash(token)
        if nonce is not None:
            claims["nonce"] = nonce
        return {name: value for name, value in {**claims, **changed}.items() if value is not ...}

    def proof(self, method, url, token=None, nonce=None, high=None, **changed):
        return self.jws(self.header(), self.claims(method, url, token, nonce, **changed), high)


class Client:
    """A widget that holds a key: does the nonce dance as section 8 says."""

    def __init__(self, service, key=None, origin=None, base=None):
        self.service, self.key, self.base = service, key or Key(), base or service.url
        self.widget = service.widget(origin)
        self.nonce = None

    def call(self, method, path, token=None, scheme="DPoP", json=None, headers=None, again=False, **changed):
        given = {"nonce": self.nonce, **changed}
        fields = {"DPoP": self.key.proof(method, self.base + path, token, **given), **(headers or {})}
        if token is not None:
            fields["Authorization"] = f"{scheme} {token}"
        answer = self.widget.call(method, path, headers=fields, json=json)
        self.nonce = answer.headers.get("DPoP-Nonce", self.nonce)
        if not again and answer.status_code == 401 and answer.json()["error"]["code"] == "use_dpop_nonce":
            return self.call(method, path, token, scheme, json, headers, True, **changed)
        return answer

    def redeem(self, invite_token, holder_nonce=None, **more):
        body = {"invite_token": invite_token, **({"holder_nonce": holder_nonce} if holder_nonce else {})}
        return self.call("POST", "/v1/widget/sessions", json=body, **more)

    def open(self, invite_token):
        answer = self.redeem(invite_token)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def validate(self, token, **more):
        return self.call("GET", "/v1/widget/session", token, **more)

    def renew(self, token, **more):
        return self.call("POST", "/v1/widget/session/renew", token, **more)

    def end(self, token, **more):
        return self.call("DELETE", "/v1/widget/session", token, **more)
