"""The examples of the pages that this service follows, as they stand there, but for the base address.

`/campaigns` and `/sessions` are those products' own resources; the examples ask `/invites` here.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

from harness import assert_error

NODE = shutil.which("node")


def environment(service, **more):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "INTERVIEWRELAY_API_KEY": service.deployment.secret, "NO_PROXY": "*", **more}


def run(words, service, stdin=None, **more):
    done = subprocess.run(
        words, input=stdin, capture_output=True, text=True, timeout=30, env=environment(service, **more),
        cwd=tempfile.gettempdir(),
    )  # fmt: skip
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    return done.stdout


def shell(service, text):
    text = text.replace("YOUR_API_KEY", service.deployment.secret).replace(
        "iv_live_your_key_here", service.deployment.secret
    )
    return run(["bash", "-euo", "pipefail", "-s"], service, stdin=text)


def test_curl_with_bearer(service):
    out = shell(
        service,
        f"""
curl -sS -X GET {service.url}/v1/invites \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "Content-Type: application/json"
""",
    )
    assert "data" in json.loads(out)


def test_curl_with_x_api_key(service):
    out = shell(
        service,
        f"""
curl -sS "{service.url}/v1/invites" \\
  -H "x-api-key: iv_live_your_key_here"
""",
    )
    assert "data" in json.loads(out)


def test_curl_mints(service):
    out = shell(
        service,
        f"""
curl -sS {service.url}/v1/invites -H "Authorization: Bearer YOUR_API_KEY" \\
  -H 'Content-Type: application/json' -d '{{"campaign_id":"camp_456abc","participant_email":"user@example.com"}}'
""",
    )
    assert json.loads(out)["invite_token"].count(".") == 2


PYTHON = """
import os
import requests

API_KEY = os.environ.get('INTERVIEWRELAY_API_KEY')

response = requests.get(
    'https://api.interviewrelay.com/v1/invites',
    headers={
        'Authorization': f'Bearer {API_KEY}',
        'Content-Type': 'application/json',
    }
)

response.raise_for_status()
data = response.json()
print(data)
"""


def test_python(service):
    out = run([sys.executable, "-c", PYTHON.replace("https://api.interviewrelay.com", service.url)], service)
    assert "'data': [" in out and "'has_more'" in out


def javascript(service, text, **more):
    if NODE is None:
        pytest.skip("node is not on PATH")
    text = text.replace("https://api.interviewrelay.com", service.url)
    wrapped = f"(async () => {{\n{text}\n}})().catch((error) => {{ console.error(error); process.exit(1); }});"
    return run([NODE, "-"], service, stdin=wrapped, **more)


def test_javascript_get(service):
    out = javascript(
        service,
        """
const response = await fetch('https://api.interviewrelay.com/v1/invites', {
  method: 'GET',
  headers: {
    'Authorization': `Bearer ${process.env.INTERVIEWRELAY_API_KEY}`,
    'Content-Type': 'application/json',
  },
});

if (!response.ok) {
  throw new Error(`API error: ${response.status} ${response.statusText}`);
}

const data = await response.json();
console.log(JSON.stringify(data));
""",
    )
    assert "data" in json.loads(out)


def test_javascript_lists_keys(service):
    out = javascript(
        service,
        """
const response = await fetch('https://api.interviewrelay.com/v1/api-keys', {
  headers: {
    'Authorization': `Bearer ${process.env.INTERVIEWRELAY_API_KEY}`,
  },
});

const { data } = await response.json();
console.log(JSON.stringify(data));
""",
    )
    first = json.loads(out)[0]
    assert {"id", "name", "prefix", "created_at", "last_used_at"} <= set(first)
    assert "..." in first["prefix"] and first["prefix"].endswith(first["last4"])


def test_javascript_revokes_a_key(service, api):
    made = api.make_key(["invites:read"])
    javascript(
        service,
        """
const keyId = process.env.KEY_ID;
await fetch('https://api.interviewrelay.com/v1/api-keys/' + keyId, {
  method: 'DELETE',
  headers: {
    'Authorization': `Bearer ${process.env.INTERVIEWRELAY_API_KEY}`,
  },
});
""",
        KEY_ID=made["id"],
    )
    assert_error(service.api(made["secret"]).get("/v1/invites"), 401, "unauthorized")


def test_javascript_mints_and_the_widget_redeems(service, widget):
    out = javascript(
        service,
        """
// Server-side: Generate an invite token
const response = await fetch('https://api.interviewrelay.com/v1/invites', {
  method: 'POST',
  headers: {
    'Authorization': `Bearer ${process.env.INTERVIEWRELAY_API_KEY}`,
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    campaign_id: 'camp_456abc',
    participant_email: 'user@example.com',
  }),
});

const { invite_token } = await response.json();
// Pass invite_token to the client
console.log(invite_token);
""",
    )
    session = widget.open(out.strip())
    seen = widget.validate(session["participant_token"]).json()
    assert (seen["campaign_id"], seen["participant_email"]) == ("camp_456abc", "user@example.com")


def test_the_401_body(service):
    out = run(["curl", "-sS", "-H", "Authorization: Bearer wrong", f"{service.url}/v1/invites"], service)
    error = json.loads(out)["error"]
    assert error["code"] == "unauthorized" and error["status"] == 401
    assert error["message"].startswith("Invalid or missing API key.")


def test_rate_limit_headers_are_there(service):
    out = shell(
        service, f'curl -sS -o /dev/null -D - "{service.url}/v1/invites" -H "x-api-key: YOUR_API_KEY"\n'
    ).lower()
    for name in ("x-ratelimit-limit:", "x-ratelimit-remaining:", "x-ratelimit-reset:"):
        assert name in out
