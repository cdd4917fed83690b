#!/usr/bin/env bash
# Asks the service about a participant token in the words of OAuth: POST /v1/tokens/introspect (RFC 7662), with curl.
#
#   echo "$TOKEN" | TOKENSERVICE_URL=… TOKENSERVICE_API_KEY=… WORKSPACE_ID=… ENVIRONMENT=… CAMPAIGN_ID=… ./introspect.sh
#
# What the service checks and what is left to the caller: see introspect.py.
set -euo pipefail

read -r token
[[ "$token" =~ ^[A-Za-z0-9_.-]+$ ]] || { echo "not a token" >&2; exit 1; }

answer=$(curl -sS --fail-with-body --max-time 5 "$TOKENSERVICE_URL/v1/tokens/introspect" \
    -H @<(printf 'Authorization: Bearer %s\n' "$TOKENSERVICE_API_KEY") \
    --data-urlencode token@<(printf '%s' "$token")) || { echo "the service did not answer: $answer" >&2; exit 1; }

WORKSPACE_ID=$WORKSPACE_ID ENVIRONMENT=$ENVIRONMENT CAMPAIGN_ID=$CAMPAIGN_ID python3 -c '
import json, os, sys
claims, env = json.load(sys.stdin), os.environ
expected = (True, env["WORKSPACE_ID"] + "/participant", env["ENVIRONMENT"], env["CAMPAIGN_ID"])
if tuple(claims.get(name) for name in ("active", "aud", "env", "campaign_id")) != expected:
    sys.exit("not active here")
print(json.dumps(claims))
' <<<"$answer"
