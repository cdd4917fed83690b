"""Validates a participant token by the service's public keys alone, with PyJWT (`pip install "pyjwt[crypto]"`).

    echo "$TOKEN" | TOKENSERVICE_URL=… ISSUER=… WORKSPACE_ID=… ENVIRONMENT=… CAMPAIGN_ID=… python3 jwks.py

Checks the signature with the key that `kid` names and that key's own algorithm, `typ`, `iss`, `aud`, `exp`, `nbf`, `env` and
`campaign_id`, and refuses tokens that are bound to a browser's key (`cnf`), whose proof it does not look at.

It can not see that a token was revoked or its session ended: what the service refuses at once is accepted here until it
expires. Where that matters, ask the service (verify.py) or put it behind forward authentication.
"""

import json
import os
import sys
import threading
import time
import urllib.request

import jwt

SKEW_SECONDS = 30  # between the service's clock and ours, on `nbf` and `iat`; none on `exp`


class KeySet:
    """The service's public keys. An unknown `kid` has them fetched again, at most once a minute."""

    def __init__(self, url):
        self.url, self.lock, self.keys, self.fetched = url + "/.well-known/jwks.json", threading.Lock(), {}, -60.0

    def key(self, kid):
        with self.lock:
            if kid not in self.keys and time.monotonic() - self.fetched >= 60:
                self.fetched = time.monotonic()
                with urllib.request.urlopen(self.url, timeout=5) as response:
                    self.keys = {key["kid"]: jwt.PyJWK(key) for key in json.load(response)["keys"]}
            if kid not in self.keys:
                raise jwt.InvalidTokenError("unknown key")
            return self.keys[kid]


def participant(token, keys, issuer, workspace_id, environment, campaign_id):
    """The claims of a good token. Raises jwt.InvalidTokenError, or OSError where the keys can not be had."""
    header = jwt.get_unverified_header(token)
    if header.get("typ") != "participant+jwt":
        raise jwt.InvalidTokenError("not a participant token")
    key = keys.key(header.get("kid"))
    claims = jwt.decode(
        token,
        key.key,
        algorithms=[key.algorithm_name],  # the key's, never the token's
        issuer=issuer,
        audience=f"{workspace_id}/participant",
        leeway=SKEW_SECONDS,
        options={"require": ["exp", "iat", "nbf", "iss", "aud", "sub", "jti", "sid", "env", "campaign_id"]},
    )
    if time.time() >= claims["exp"]:
        raise jwt.ExpiredSignatureError("expired")
    if claims["env"] != environment or claims["campaign_id"] != campaign_id:
        raise jwt.InvalidTokenError("for another environment or campaign")
    if "cnf" in claims:
        raise jwt.InvalidTokenError("bound to a browser's key: the service checks its proof, this code does not")
    return claims


if __name__ == "__main__":
    env = os.environ
    try:
        where = (env["ISSUER"], env["WORKSPACE_ID"], env["ENVIRONMENT"], env["CAMPAIGN_ID"])
        print(json.dumps(participant(sys.stdin.readline().strip(), KeySet(env["TOKENSERVICE_URL"]), *where)))
    except (jwt.InvalidTokenError, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
