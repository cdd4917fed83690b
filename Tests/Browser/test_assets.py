"""The files of the widget: size, addresses, integrity, and what they tell the browser."""

import gzip
import re

import requests
from conftest import in_state, minted, mounting

GZIPPED_BYTES_MAX = 6 * 1024


def get(service, path, **headers):
    return requests.get(service.url + path, headers=headers, timeout=5)


def test_the_script_keeps_its_size(service):
    script = get(service, "/widget/v1.js").content
    assert len(gzip.compress(script, 9)) <= GZIPPED_BYTES_MAX
    assert b"\n//" not in script and b"  " not in script.split(b"`")[0]
    assert not re.search(rb"\bimport\b|document\.cookie|localStorage|sessionStorage|indexedDB|\beval\b|innerHTML", script)


def test_addresses_caching_and_integrity(service):
    manifest = get(service, "/widget/v1.json").json()
    assert re.fullmatch(r"/widget/v1\.[0-9a-f]{16}\.js", manifest["script"])
    pinned, short = get(service, manifest["script"]), get(service, "/widget/v1.js")
    assert pinned.content == short.content and len(pinned.content) == manifest["bytes"]
    assert pinned.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert short.headers["Cache-Control"] == "public, max-age=300"
    again = get(service, "/widget/v1.js", **{"If-None-Match": short.headers["ETag"]})
    assert again.status_code == 304 and not again.content
    for answer in (pinned, short):
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert get(service, "/widget/v1.0000000000000000.js").status_code == 404
    assert "WidgetHandle" in get(service, "/widget/v1.d.ts").text


def test_the_browser_accepts_the_integrity_and_refuses_another(api, host, visitor, service):
    manifest = get(service, "/widget/v1.json").json()
    options = {"inviteToken": minted(api)["invite_token"]}
    right = f'crossorigin="anonymous" integrity="{manifest["integrity"]}"'
    host.page("/right", '<div id="box"></div>', mounting(options), attributes=right, widget=manifest["script"])
    in_state(visitor.open(host.origin() + "/right"), "ready")
    wrong = 'crossorigin="anonymous" integrity="sha256-' + "A" * 43 + '="'
    host.page("/wrong", "<p>x</p>", attributes=wrong, widget=manifest["script"])
    page = visitor.open(host.origin() + "/wrong")
    assert page.evaluate("typeof TokenService") == "undefined"


def test_a_copy_elsewhere_is_told_where_the_service_is(api, host, visitor, service):
    host.pages["/copy.js"] = (get(service, "/widget/v1.js").content, {})
    body = '<div id="box"></div>'
    host.page("/self", body, mounting({"inviteToken": minted(api)["invite_token"]}), widget=None)
    text, fields = host.pages["/self"]
    tag = f'<script nonce="n" src="/copy.js" data-service="{service.url}"></script></head>'.encode()
    host.pages["/self"] = (text.replace(b"</head>", tag), fields)
    host.kinds["/copy.js"] = "text/javascript"
    page = visitor.open(host.origin() + "/self")
    in_state(page, "ready")


def test_every_page_has_its_policies(service):
    frame = f"/widget/frame?workspace_id={service.deployment.workspace_id}"
    for path in ("/docs", "/widget/frame", frame):
        answer = get(service, path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors" in policy and "unsafe" not in policy.replace(
            "style-src 'unsafe-inline'", "")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_pages_of_the_service_are_accessible(visitor, service):
    from conftest import accessible

    for path in ("/docs", "/widget/frame"):
        accessible(visitor.open(service.url + path))
