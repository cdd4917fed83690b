"""Forward authentication with a real browser's headers: the widget's own `fetch`, through the proxies of docs/proxies."""

import harness
import proxies
import pytest
from conftest import in_state, minted

CAMPAIGN = "camp_behind_a_proxy"
PAGE = """<!doctype html><html lang="en"><head><title>Site</title><script src="{service}/widget/v1.js"></script></head>
<body><div id="box"></div><script>
const widget = TokenService.mount('#box', {{ inviteToken: '{invite}', {options} }});
const ask = (method) => widget.fetch('/api', {{ method, body: method === 'POST' ? 'text' : undefined }})
  .then(async (answer) => [answer.status, await answer.json()]);
</script></body></html>"""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One whose workspace has no list of origins: the sites' ports are not known beforehand."""
    deployment = harness.Deployment(harness.fresh_directory(tmp_path_factory.mktemp("proxied")))
    with harness.Service(deployment, "--trusted-proxies", "127.0.0.1") as running:
        yield running


@pytest.fixture(params=("nginx", "haproxy", "caddy"))
def site(request, service):
    """A proxy whose site is `localhost`, with an application behind it that says what it was asked."""
    application = proxies.Application()
    address = "{}:{}".format(*service.address)
    workspace = service.deployment.workspace_id
    with proxies.Proxy(request.param, address, application, CAMPAIGN, workspace, site="localhost") as running:
        running.application = application
        yield running
    application.close()


def let_pages_load(visitor, token):
    """The proxy protects the pages, too; a browser has no token yet when it asks for one."""

    def with_token(route):
        route.continue_(headers={**route.request.headers, "authorization": f"Bearer {token}"})

    for path in ("page", "elsewhere"):
        visitor.context.route(f"**/{path}", with_token)


def test_the_widgets_fetch_reaches_the_application_behind_a_proxy(service, api, site, visitor):
    """A GET to the page's own origin has no `Origin`: the proxy says it, on the browser's word `same-origin`."""
    invite = minted(api, CAMPAIGN, allowed_origins=[site.origin])
    site.application.pages.update({
        "/page": PAGE.format(service=service.url, invite=invite["invite_token"], options=""),
        "/elsewhere": "<p>x</p>",
    })  # fmt: skip
    let_pages_load(visitor, service.widget().open(api.mint(CAMPAIGN)["invite_token"])["participant_token"])
    page = visitor.open(site.origin + "/page")
    in_state(page, "ready")
    subject = page.evaluate("widget.session.subject")
    for method in ("GET", "POST", "GET"):
        status, seen = page.evaluate("(method) => ask(method)", method)
        fields = {name.lower(): value for name, value in seen["headers"]}
        assert status == 200 and seen["method"] == method and fields["x-token-subject"] == subject
        assert fields["sec-fetch-site"] == "same-origin"
        assert fields.get("origin") == (site.origin if method == "POST" else None)

    token = page.evaluate("widget.getToken()")
    thief = visitor.open(f"http://127.0.0.1:{site.port}/elsewhere")
    before = len(site.application.seen)
    stolen = """([url, token]) => fetch(url + '/api', { headers: { Authorization: 'Bearer ' + token } })
        .then((answer) => answer.status, () => 'blocked')"""
    assert thief.evaluate(stolen, [site.origin, token]) == "blocked"
    thief.evaluate("(url) => fetch(url + '/api', { mode: 'no-cors', method: 'POST', body: 'x' })", site.origin)
    assert len(site.application.seen) == before
    own = service.widget(site.origin)  # any other origin is refused, ended or not
    assert own.validate(token).status_code == 200
    page.evaluate("widget.destroy({ end: true })")
    harness.wait_until("the session ends", lambda: own.validate(token).status_code != 200)
    assert page.evaluate(stolen, [site.origin, token]) == 401
    assert len(site.application.seen) == before


def test_a_bound_widgets_fetch_proves_its_key_behind_a_proxy(service, api, site, visitor):
    """The proof is about the address that the page asked for; the proxy says what that was."""
    invite = minted(api, CAMPAIGN, allowed_origins=[site.origin])
    page = PAGE.format(service=service.url, invite=invite["invite_token"], options="bind: 'required'")
    site.application.pages["/page"] = page
    let_pages_load(visitor, service.widget().open(api.mint(CAMPAIGN)["invite_token"])["participant_token"])
    page = visitor.open(site.origin + "/page")
    in_state(page, "ready")
    subject = page.evaluate("widget.session.subject")
    for method in ("GET", "POST", "GET"):
        status, seen = page.evaluate("(method) => ask(method)", method)
        fields = {name.lower(): value for name, value in seen["headers"]}
        assert status == 200 and seen["method"] == method and fields["x-token-subject"] == subject
        assert "dpop" not in fields and "authorization" not in fields

    before = len(site.application.seen)
    token = page.evaluate("widget.getToken()")
    for scheme in ("DPoP", "Bearer"):
        answer = page.evaluate(
            "([scheme, token]) => fetch('/api', { headers: { Authorization: `${scheme} ${token}` } }).then((a) => a.status)",
            [scheme, token],
        )
        assert answer == 401
    assert len(site.application.seen) == before
