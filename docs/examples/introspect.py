"""Asks the service about a participant token in the words of OAuth: POST /v1/tokens/introspect (RFC 7662).

    echo "$TOKEN" | TOKENSERVICE_URL=… TOKENSERVICE_API_KEY=… WORKSPACE_ID=… ENVIRONMENT=… CAMPAIGN_ID=… \\
        python3 introspect.py

For gateways and libraries that speak it already; whatever is wrong with a token is {"active":false} and no more. The service
checks signature, issuer, expiry, revocation, ended sessions, workspace and environment; this code checks audience (which
tells invite and participant tokens apart), environment and campaign. The key needs the scope tokens:read.
"""

import json
import os
import sys
import urllib.parse
import urllib.request


def participant(token, url, api_key, workspace_id, environment, campaign_id):
    """The claims of an active participant token, else None. OSError where the service does not answer: refuse then, too."""
    request = urllib.request.Request(
        url + "/v1/tokens/introspect",
        data=urllib.parse.urlencode({"token": token}).encode(),
        headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        claims = json.load(response)
    expected = {
        "active": True, "aud": f"{workspace_id}/participant", "env": environment, "campaign_id": campaign_id,
    }  # fmt: skip
    return claims if all(claims.get(name) == value for name, value in expected.items()) else None


if __name__ == "__main__":
    names = ("TOKENSERVICE_URL", "TOKENSERVICE_API_KEY", "WORKSPACE_ID", "ENVIRONMENT", "CAMPAIGN_ID")
    try:
        found = participant(sys.stdin.readline().strip(), *(os.environ[name] for name in names))
    except OSError as error:
        sys.exit(str(error))
    if found is None:
        sys.exit("not active here")
    print(json.dumps(found))
