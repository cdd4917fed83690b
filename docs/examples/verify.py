"""Asks the service about a participant token: POST /v1/tokens/verify. The standard library alone.

    echo "$TOKEN" | TOKENSERVICE_URL=… TOKENSERVICE_API_KEY=… CAMPAIGN_ID=… python3 verify.py

The service checks signature, issuer, expiry, revocation, ended sessions, and that the token is of the key's workspace and
environment; this code checks that it is a participant token for this campaign. The key needs the scope tokens:read.
"""

import json
import os
import sys
import urllib.error
import urllib.request


class Refused(Exception):
    """The token is not good; the text is the service's code or our own reason."""


def participant(token, url, api_key, campaign_id):
    """What the token stands for. Raises Refused, or OSError where the service does not answer: refuse then, too."""
    request = urllib.request.Request(
        url + "/v1/tokens/verify",
        data=json.dumps({"token": token}).encode(),
        headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        if error.code == 400:  # not even shaped like a token
            raise Refused("invalid_token") from None
        raise
    if not answer["valid"]:
        raise Refused(answer["code"])
    if answer["kind"] != "participant":
        raise Refused("an invite token, which is for the widget to redeem")
    if answer["campaign_id"] != campaign_id:
        raise Refused("a token for another campaign")
    return answer


if __name__ == "__main__":
    env = os.environ
    try:
        token = sys.stdin.readline().strip()
        print(json.dumps(participant(token, env["TOKENSERVICE_URL"], env["TOKENSERVICE_API_KEY"], env["CAMPAIGN_ID"])))
    except (Refused, OSError) as error:
        sys.exit(str(error))
