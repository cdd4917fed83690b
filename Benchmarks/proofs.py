"""Makes DPoP proofs (RFC 9449) by the thousand, with the machine's own OpenSSL.

The standard library signs nothing, and a process for each proof would take minutes; so libcrypto is called in place.
"""
import base64
import ctypes
import ctypes.util
import hashlib
import json
import os

P256 = 415  # NID_X9_62_prime256v1
UNCOMPRESSED = 4  # POINT_CONVERSION_UNCOMPRESSED


def library():
    crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
    for name in (
        "EC_KEY_new_by_curve_name", "EC_KEY_get0_public_key", "EC_KEY_get0_group", "ECDSA_do_sign", "ECDSA_SIG_get0_r",
        "ECDSA_SIG_get0_s",
    ):  # fmt: skip
        getattr(crypto, name).restype = ctypes.c_void_p
    return crypto


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class ProofKey:
    """A P-256 key, as a browser would hold one."""

    crypto = None

    def __init__(self):
        if ProofKey.crypto is None:
            ProofKey.crypto = library()
        crypto = self.crypto
        self.key = ctypes.c_void_p(crypto.EC_KEY_new_by_curve_name(P256))
        if not self.key or crypto.EC_KEY_generate_key(self.key) != 1:
            raise RuntimeError("libcrypto makes no P-256 key")
        point = ctypes.create_string_buffer(65)
        group = ctypes.c_void_p(crypto.EC_KEY_get0_group(self.key))
        public = ctypes.c_void_p(crypto.EC_KEY_get0_public_key(self.key))
        if crypto.EC_POINT_point2oct(group, public, UNCOMPRESSED, point, 65, None) != 65:
            raise RuntimeError("libcrypto gives no point")
        jwk = {
            "crv": "P-256", "kty": "EC", "x": base64url(point.raw[1:33]), "y": base64url(point.raw[33:65]),
        }  # fmt: skip
        # The members that RFC 7638 wants, in its order, are all that there are.
        self.thumbprint = base64url(hashlib.sha256(json.dumps(jwk, separators=(",", ":")).encode()).digest())
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
        self.header = base64url(json.dumps(header, separators=(",", ":")).encode())

    def sign(self, data):
        """The 64 bytes of RFC 7518 section 3.4."""
        crypto = self.crypto
        digest = hashlib.sha256(data).digest()
        signature = ctypes.c_void_p(crypto.ECDSA_do_sign(digest, len(digest), self.key))
        if not signature:
            raise RuntimeError("libcrypto signs nothing")
        out = ctypes.create_string_buffer(32)
        parts = []
        for name in ("r", "s"):
            number = ctypes.c_void_p(getattr(crypto, "ECDSA_SIG_get0_" + name)(signature))
            crypto.BN_bn2binpad(number, out, 32)
            parts.append(out.raw)
        crypto.ECDSA_SIG_free(signature)
        return b"".join(parts)

    def proof(self, method, url, now, nonce=None, token=None):
        claims = {"jti": base64url(os.urandom(16)), "htm": method, "htu": url, "iat": int(now)}
        if nonce is not None:
            claims["nonce"] = nonce
        if token is not None:
            claims["ath"] = base64url(hashlib.sha256(token.encode()).digest())
        text = self.header + "." + base64url(json.dumps(claims, separators=(",", ":")).encode())
        return text + "." + base64url(self.sign(text.encode()))


def thumbprint_of(token):
    """The thumbprint of the key that a token is bound to (`cnf.jkt`)."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["cnf"]["jkt"]
