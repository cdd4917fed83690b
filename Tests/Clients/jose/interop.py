"""The other side of the JOSE interoperability tests: PyJWT and joserfc.

Reads one JSON object from standard input and writes one to standard output.

verify  {"jwks", "issuer", "audience", "type", "tokens": [...]}
        -> {"results": [{"pyjwt": claims or error text, "joserfc": ..., "thumbprints": {kid: RFC 7638}}]}
issue   {"issuer", "audience", "type", "now", "algorithm"}
        -> {"jwks", "tokens": [{"library", "token", "good": bool, "why"}]}

Both libraries sign ES256 with whatever s comes out. Tokens here must have s <= n/2, so the good ones are signed again
until it is, and one with a high s is handed over as a bad one.
"""

import base64
import json
import sys
import warnings

import joserfc.jwk
import joserfc.jwt
import jwt

warnings.simplefilter("ignore")

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CLAIMS = ["iss", "aud", "sub", "jti", "exp", "nbf", "iat"]


def verify_pyjwt(request, token):
    keys = jwt.PyJWKSet.from_dict(request["jwks"])
    header = jwt.get_unverified_header(token)
    key = keys[header["kid"]]
    if header["typ"] != request["type"]:
        raise ValueError("typ")
    return jwt.decode(
        token,
        key,
        algorithms=[key.algorithm_name],
        issuer=request["issuer"],
        audience=request["audience"],
        options={"require": CLAIMS},
    )


def verify_joserfc(request, token):
    keys = joserfc.jwk.KeySet.import_key_set(request["jwks"])
    algorithms = [key.alg for key in keys.keys]
    decoded = joserfc.jwt.decode(token, keys, algorithms=algorithms)
    if decoded.header["typ"] != request["type"]:
        raise ValueError("typ")
    expected = {name: {"essential": True} for name in CLAIMS}
    expected["iss"]["value"] = request["issuer"]
    expected["aud"]["value"] = request["audience"]
    joserfc.jwt.JWTClaimsRegistry(**expected).validate(decoded.claims)
    return decoded.claims


def attempt(function, request, token):
    try:
        return function(request, token)
    except Exception as error:  # whatever it is, the test shows it
        return repr(error)


def verify(request):
    keys = joserfc.jwk.KeySet.import_key_set(request["jwks"])
    return {
        "thumbprints": {key.kid: key.thumbprint() for key in keys.keys},
        "results": [
            {
                "pyjwt": attempt(verify_pyjwt, request, token),
                "joserfc": attempt(verify_joserfc, request, token),
            }
            for token in request["tokens"]
        ],
    }


def has_low_s(token):
    signature = base64.urlsafe_b64decode(token.rsplit(".", 1)[1] + "==")
    return int.from_bytes(signature[32:], "big") <= ORDER // 2


def sign_until(sign, wanted):
    for _ in range(200):
        token = sign()
        if wanted(token):
            return token
    raise RuntimeError("no such signature in 200 tries")


def issue(request):
    algorithm, now = request["algorithm"], request["now"]
    if algorithm == "ES256":
        key = joserfc.jwk.ECKey.generate_key("P-256", private=True)
    else:
        key = joserfc.jwk.OKPKey.generate_key("Ed25519", private=True)
    kid = key.thumbprint()
    public = dict(key.as_dict(private=False), kid=kid, alg=algorithm, use="sig")
    header = {"alg": algorithm, "kid": kid, "typ": request["type"]}
    claims = {
        "iss": request["issuer"],
        "aud": request["audience"],
        "sub": "sub_interop é",
        "jti": "ptk_interop",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "campaign_id": "c1",
    }
    pyjwt_key = jwt.PyJWK(dict(key.as_dict(private=True), alg=algorithm)).key

    def with_pyjwt(claims=claims, header=header):
        return jwt.encode(claims, pyjwt_key, algorithm=algorithm, headers=header)

    def with_joserfc(claims=claims, header=header):
        return joserfc.jwt.encode(header, claims, key, algorithms=[algorithm])

    def good(sign):
        return sign_until(sign, lambda token: algorithm != "ES256" or has_low_s(token))

    tokens = []
    for name, sign in (("pyjwt", with_pyjwt), ("joserfc", with_joserfc)):
        tokens.append({"library": name, "good": True, "why": "as agreed", "token": good(sign)})
        variants = [
            ("expired", lambda: sign(claims=dict(claims, exp=now - 1, iat=now - 9, nbf=now - 9))),
            ("another audience", lambda: sign(claims=dict(claims, aud="other"))),
            ("a list of audiences", lambda: sign(claims=dict(claims, aud=[request["audience"]]))),
            ("a fraction in exp", lambda: sign(claims=dict(claims, exp=now + 600.5))),
            ("another type", lambda: sign(header=dict(header, typ="JWT"))),
            ("a foreign kid", lambda: sign(header=dict(header, kid="x"))),
        ]
        for why, make in variants:
            tokens.append({"library": name, "good": False, "why": why, "token": good(make)})
        if algorithm == "ES256":
            high = sign_until(sign, lambda token: not has_low_s(token))
            tokens.append({"library": name, "good": False, "why": "s above n/2", "token": high})
    return {"jwks": {"keys": [public]}, "tokens": tokens}


if __name__ == "__main__":
    command = {"verify": verify, "issue": issue}[sys.argv[1]]
    json.dump(command(json.load(sys.stdin)), sys.stdout)
