#!/usr/bin/env bash
# Asks the service about a participant token: POST /v1/tokens/verify, with curl.
#
#   echo "$TOKEN" | TOKENSERVICE_URL=… TOKENSERVICE_API_KEY=… CAMPAIGN_ID=… ./verify.sh
#
# Prints what the token stands for and ends with 0, or says why not and ends with 1. The service checks signature, issuer,
# expiry, revocation, ended sessions, and that the token is of the key's workspace and environment; this script checks that it
# is a participant token for this campaign. Secrets reach curl through files, never as arguments, which others can see.
set -euo pipefail

read -r token
[[ "$token" =~ ^[A-Za-z0-9_.-]+$ ]] || { echo "not a token" >&2; exit 1; }

answer=$(curl -sS --fail-with-body --max-time 5 "$TOKENSERVICE_URL/v1/tokens/verify" \
    -H @<(printf 'Authorization: Bearer %s\n' "$TOKENSERVICE_API_KEY") \
    -H 'Content-Type: application/json' \
    --data-binary @<(printf '{"token":"%s"}' "$token")) || { echo "the service did not verify: $answer" >&2; exit 1; }

CAMPAIGN_ID=$CAMPAIGN_ID python3 -c '
import json, os, sys
answer = json.load(sys.stdin)
if not answer["valid"]:
    sys.exit(answer["code"])
if answer["kind"] != "participant" or answer["campaign_id"] != os.environ["CAMPAIGN_ID"]:
    sys.exit("not a participant token for this campaign")
print(json.dumps(answer))
' <<<"$answer"
