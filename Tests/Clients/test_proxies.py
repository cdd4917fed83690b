"""Forward authentication behind nginx, HAProxy and Caddy, with the configurations that docs/proxies shows."""

import contextlib
import json
import pathlib
import re
import signal
import time

import pytest
import requests

import dpop
import formats
import harness
import proxies
from harness import campaign
from wire import Wire

KINDS = ("nginx", "haproxy", "caddy")
CAMPAIGN = "camp_behind_a_proxy"
SITE = proxies.SITE_ORIGIN
# How long a nonce is the newest one; it is good for as long again.
NONCE_SLOT_SECONDS = 120


@pytest.fixture(scope="module")
def application():
    running = proxies.Application()
    yield running
    running.close()


def proxy_for(kind, service, application, camp=CAMPAIGN):
    host, port = service.address
    return proxies.Proxy(kind, f"{host}:{port}", application, camp, service.deployment.workspace_id)


@pytest.fixture(scope="module", params=KINDS)
def proxy(request, service, application):
    with proxy_for(request.param, service, application) as running:
        yield running


@pytest.fixture()
def ask(proxy, application):
    """Sends a request through the proxy; the answer gets `reached`: what the application saw of it, or None."""
    session = requests.Session()
    session.trust_env = False

    def send(method="GET", token=None, path="/anything?q=1", **headers):
        data = headers.pop("data", None)
        fields = {name.replace("__", "-"): value for name, value in headers.items()}
        if token is not None:
            fields["Authorization"] = f"Bearer {token}"
        before = len(application.seen)
        answer = session.request(method, proxy.url + path, headers=fields, data=data, timeout=20)
        new = application.seen[before:]
        assert len(new) <= 1
        answer.reached = new[0] if new else None
        return answer

    yield send
    session.close()


def open_session(service, camp=CAMPAIGN, origin=None):
    return service.widget(origin).open(service.api().mint(camp)["invite_token"])


def field(request, name):
    """All values under one name, as the application saw them."""
    return [value for key, value in request["headers"] if key.lower() == name.lower()]


def assert_refused(answer):
    """401, in the service's own form, without the application."""
    assert answer.status_code == 401, (answer.status_code, answer.text)
    assert answer.reached is None
    assert answer.headers["Content-Type"].startswith("application/json"), answer.headers
    assert "no-store" in answer.headers["Cache-Control"]
    assert not [name for name in answer.headers if name.lower().startswith("x-token")]
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "status", "request_id"}
    assert (error["code"], error["status"]) == ("invalid_token", 401)
    assert formats.REQUEST_ID.match(error["request_id"]) and answer.headers["Request-Id"] == error["request_id"]
    return error


def test_a_good_token_reaches_the_application_with_what_it_stands_for(service, deployment, ask):
    session = open_session(service)
    answer = ask(token=session["participant_token"], Cookie="a=b")
    assert answer.status_code == 200, answer.text
    seen = answer.reached
    assert (seen["method"], seen["path"]) == ("GET", "/anything?q=1")
    assert {name: field(seen, name) for name in proxies.ADDED} == {
        "X-Token-Workspace": [deployment.workspace_id],
        "X-Token-Environment": ["test"],
        "X-Token-Campaign": [CAMPAIGN],
        "X-Token-Subject": [session["subject"]],
        "X-Token-Session": [session["session_id"]],
    }
    assert field(seen, "Authorization") == [] and field(seen, "Cookie") == ["a=b"]


def test_refusals_carry_the_services_own_error(service, ask):
    token = open_session(service)["participant_token"]
    direct = service.widget().forward_auth("nonsense", campaign_id=CAMPAIGN).json()["error"]
    invite = service.api().mint(CAMPAIGN)["invite_token"]
    foreign = open_session(service, campaign())["participant_token"]
    flipped = token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]
    for name, wrong in {
        "none": None, "nonsense": "nonsense", "an invite": invite, "another campaign's": foreign, "tampered": flipped,
    }.items():  # fmt: skip
        error = assert_refused(ask(token=wrong))
        assert error["message"] == direct["message"], name
    assert_refused(ask(Authorization="Basic dTpw"))
    assert ask(token=token).status_code == 200


def test_revoked_and_ended_tokens_are_refused_at_once(service, ask):
    api = service.api()
    invite = api.mint(CAMPAIGN)
    revoked = service.widget().open(invite["invite_token"])["participant_token"]
    ended = open_session(service)["participant_token"]
    assert ask(token=revoked).status_code == 200 and ask(token=ended).status_code == 200
    assert api.delete(f"/v1/invites/{invite['id']}").status_code == 204
    assert_refused(ask(token=revoked))
    assert service.widget().end(ended).status_code == 204
    assert_refused(ask(token=ended))


def test_an_expired_token_is_refused(service, application):
    camp = "camp_test_last"  # its sessions last three seconds
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(proxy_for(kind, service, application, camp)) for kind in KINDS]
        token = open_session(service, camp)["participant_token"]

        def answers():
            fields = {"Authorization": f"Bearer {token}"}
            return [requests.get(each.url, headers=fields, timeout=20) for each in running]

        assert [answer.status_code for answer in answers()] == [200, 200, 200]
        harness.wait_until("the token expires", lambda: service.widget().validate(token).status_code == 410, 20)
        before = len(application.seen)
        for answer in answers():
            assert answer.status_code == 401 and answer.json()["error"]["code"] == "invalid_token"
        assert len(application.seen) == before


def test_a_client_can_not_say_who_it_is(service, ask):
    session = open_session(service)
    forged = {"X-Token-Subject": "sub_of_somebody_else", "x-token-workspace": "ws_of_others", "X-TOKEN-SESSION": "ses_x"}
    answer = ask(token=session["participant_token"], **forged)
    assert answer.status_code == 200
    assert field(answer.reached, "X-Token-Subject") == [session["subject"]]
    assert field(answer.reached, "X-Token-Session") == [session["session_id"]]
    assert field(answer.reached, "X-Token-Workspace") == [service.deployment.workspace_id]
    assert_refused(ask(**forged))


def test_names_that_an_application_may_take_for_ours_do_not_pass(service, ask):
    token = open_session(service)["participant_token"]
    names = ("X_Token_Subject", "X-Token_Subject", "x_token-subject", "X_TOKEN_SESSION")
    answer = ask(token=token, **dict.fromkeys(names, "forged"))
    assert answer.status_code == 200
    assert "forged" not in json.dumps(answer.reached)


def test_names_of_the_prefix_that_are_not_the_five(service, proxy, ask):
    """nginx can not take them out, as the page says; the others do."""
    answer = ask(token=open_session(service)["participant_token"], **{"X-Token-Email": "forged", "X-Tokens": "forged"})
    assert answer.status_code == 200
    assert ("forged" in json.dumps(answer.reached)) == (proxy.kind == "nginx")


def test_no_field_can_be_stripped_by_naming_it_in_connection(service, ask):
    """Fields that Connection names end at a proxy; the application must not see a request without ours."""
    session = open_session(service, origin="https://page.example")
    for named in ("X-Token-Subject", "keep-alive, x-token-subject", "X-Token-Session, close", "Origin", "Authorization"):
        answer = ask(token=session["participant_token"], Origin="https://page.example", Connection=named)
        if answer.reached is not None:
            assert field(answer.reached, "X-Token-Subject") == [session["subject"]], named
            assert field(answer.reached, "X-Token-Session") == [session["session_id"]], named
        else:
            assert answer.status_code in (400, 401), named


def test_the_browsers_origin_decides_for_a_bound_token(service, ask):
    token = open_session(service, origin="https://page.example")["participant_token"]
    passed = ask(token=token, Origin="https://page.example")
    assert passed.status_code == 200 and field(passed.reached, "Origin") == ["https://page.example"]
    for wrong in ("https://page.example:8443", "https://evil.example", "null", SITE):
        assert_refused(ask(token=token, Origin=wrong))
    assert_refused(ask(token=token))
    assert_refused(ask(token=token, Sec__Fetch__Site="same-origin"))


def test_a_get_to_the_pages_own_origin_counts_as_that_origin(service, ask):
    """Browsers leave `Origin` out of it."""
    token = open_session(service, origin=SITE)["participant_token"]
    passed = ask(token=token, Sec__Fetch__Site="same-origin")
    assert passed.status_code == 200 and field(passed.reached, "Origin") == []
    assert ask("POST", token=token, Origin=SITE, Sec__Fetch__Site="same-origin", data=b"x").status_code == 200
    for site in ("cross-site", "same-site", "none", "same-origin, none"):
        assert_refused(ask(token=token, Sec__Fetch__Site=site))
    assert_refused(ask(token=token))
    assert_refused(ask(token=token, Origin="https://evil.example", Sec__Fetch__Site="same-origin"))


def test_methods_and_bodies_reach_the_application_whole(service, ask):
    token = open_session(service)["participant_token"]
    body = bytes(range(256)) * 1_000
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = ask(method, token=token, data=body)
        assert answer.status_code == 200 and answer.reached["method"] == method
        assert answer.reached["body"].encode("latin-1") == body
    head = ask("HEAD", token=token)
    assert head.status_code == 200 and head.reached["method"] == "HEAD" and not head.content
    assert_refused(ask("POST", data=body))
    assert ask("HEAD").status_code == 401


def test_the_applications_own_401_stays_its_own(service, ask):
    answer = ask(token=open_session(service)["participant_token"], path="/says-401")
    assert answer.status_code == 401 and answer.reached is not None
    assert answer.json()["path"] == "/says-401"


def test_one_connection_is_asked_about_at_each_request(service, proxy, application):
    session = open_session(service)
    head = "GET / HTTP/1.1\r\nHost: www.customer.example\r\n{}\r\n"
    good = head.format(f"Authorization: Bearer {session['participant_token']}\r\n").encode()
    with Wire(("127.0.0.1", proxy.port)) as conn:
        before = len(application.seen)
        statuses = [conn.ask(request).status for request in (good, good, head.format("").encode(), good)]
        assert statuses == [200, 200, 401, 200] and len(application.seen) == before + 3
        service.widget().end(session["participant_token"])
        assert conn.ask(good).status == 401 and len(application.seen) == before + 3


def test_connections_to_the_service_are_kept_open(service, ask):
    def accepted():
        text = requests.get(service.admin_url + "/metrics", timeout=20).text
        return int(re.search(r'^http_connections_accepted_total\{listener="public"\} (\d+)$', text, re.MULTILINE)[1])

    token = open_session(service)["participant_token"]
    before = accepted()
    for _ in range(40):
        assert ask(token=token).status_code == 200
    assert accepted() - before <= 4


def test_the_clients_query_does_not_reach_the_check(service, ask):
    foreign = open_session(service, "camp_other")["participant_token"]
    for query in ("campaign_id=camp_other", "workspace_id=x&campaign_id=camp_other&environment=live"):
        assert_refused(ask(token=foreign, path=f"/?{query}"))


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_service_nothing_reaches_the_application(kind, fresh, application):
    service = harness.Service(fresh).start()
    with proxy_for(kind, service, application) as running:
        token = open_session(service)["participant_token"]
        fields = {"Authorization": f"Bearer {token}"}
        assert requests.get(running.url, headers=fields, timeout=20).status_code == 200
        before = len(application.seen)

        service.process.send_signal(signal.SIGSTOP)
        # The thread that takes the signal stops the others; until it has run they go on answering.
        tasks = pathlib.Path(f"/proc/{service.process.pid}/task")
        harness.wait_until(
            "every thread stands still",
            lambda: all((task / "stat").read_text().rsplit(")", 1)[1].split()[0] == "T" for task in tasks.iterdir()),
        )
        begun = time.monotonic()
        assert requests.get(running.url, headers=fields, timeout=20).status_code in (502, 503, 504)
        assert time.monotonic() - begun < 10
        service.process.send_signal(signal.SIGCONT)
        harness.wait_until(
            "it works again", lambda: requests.get(running.url, headers=fields, timeout=20).status_code == 200
        )
        before = len(application.seen)

        service.stop()
        for more in (fields, {}, {"X-Token-Subject": "sub_x"}):
            answer = requests.post(running.url, headers=more, data=b"body", timeout=20)
            assert answer.status_code in (502, 503, 504), answer.text
        assert len(application.seen) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_check_that_is_asked_wrongly_refuses_everybody(kind, service, application):
    """A service that answers 400, since the proxy's query is bad: no token passes."""
    token = open_session(service)["participant_token"]
    with proxy_for(kind, service, application, "not%20a%20campaign") as running:
        before = len(application.seen)
        answer = requests.get(running.url, headers={"Authorization": f"Bearer {token}"}, timeout=20)
        assert answer.status_code in (400, 401, 500, 503) and len(application.seen) == before


def test_an_error_in_haproxys_script_refuses(service, application, tmp_path, monkeypatch):
    """HAProxy goes on after a script's error; the line behind it does not."""
    for path in proxies.FOLDER.iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    script = tmp_path / "forward-auth.lua"
    broken = script.read_text().replace("local fields = txn.http", "error('broken')\n    local fields = txn.http")
    assert "broken" in broken
    script.write_text(broken)
    monkeypatch.setattr(proxies, "FOLDER", tmp_path)
    token = open_session(service)["participant_token"]
    with proxy_for("haproxy", service, application) as running:
        before = len(application.seen)
        answer = requests.get(running.url, headers={"Authorization": f"Bearer {token}"}, timeout=20)
        assert answer.status_code == 503 and len(application.seen) == before


class BoundVisitor:
    """A browser with a bound token: asks through a proxy, with a proof of what it asks for."""

    def __init__(self, service, proxy, application, client=None):
        self.client = client or dpop.Client(service)
        self.token = self.client.open(service.api().mint(CAMPAIGN)["invite_token"])["participant_token"]
        self.proxy, self.application = proxy, application
        self.nonce = self.client.nonce

    def proof(self, method="GET", path="/rooms/7", site=SITE, **changed):
        return self.client.key.proof(method, site + path, self.token, **{"nonce": self.nonce, **changed})

    def ask(self, proof, method="GET", path="/rooms/7?tab=1", scheme="DPoP", **more):
        before = len(self.application.seen)
        fields = {"Authorization": f"{scheme} {self.token}", **({"DPoP": proof} if proof else {}), **more}
        answer = requests.request(method, self.proxy.url + path, headers=fields, data=b"x" if method == "PUT" else None)
        new = self.application.seen[before:]
        answer.reached = new[0] if new else None
        return answer


@pytest.fixture(scope="module")
def trusting(tmp_path_factory):
    """A service that believes what its proxies say of requests."""
    deployment = harness.Deployment(harness.fresh_directory(tmp_path_factory.mktemp("trusting")))
    with harness.Service(deployment, "--trusted-proxies", "127.0.0.1") as running:
        yield running


@pytest.fixture(params=KINDS)
def visitor(request, trusting, application):
    with proxy_for(request.param, trusting, application) as running:
        yield BoundVisitor(trusting, running, application)


def assert_challenged(answer, code):
    """A refusal of the service, with one challenge that names the error."""
    assert answer.status_code == 401 and answer.reached is None, (answer.status_code, answer.text)
    assert answer.json()["error"]["code"] == code, answer.text
    assert "DPoP" in answer.headers["WWW-Authenticate"]
    if code != "invalid_token":
        assert answer.headers["WWW-Authenticate"].count(f'error="{code}"') == 1, answer.headers


def test_a_bound_token_passes_with_a_proof_of_what_the_browser_asked_for(visitor):
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        answer = visitor.ask(visitor.proof(method), method)
        assert answer.status_code == 200, (method, answer.text)
        seen = answer.reached
        assert (seen["method"], seen["path"]) == (method, "/rooms/7?tab=1")
        assert field(seen, "X-Token-Campaign") == [CAMPAIGN]
        assert not field(seen, "Authorization") and not field(seen, "DPoP") and not field(seen, "X-Token-Nonce")
        assert "DPoP-Nonce" not in answer.headers


def test_a_bound_token_learns_the_nonce_through_the_proxy(visitor):
    answer = visitor.ask(visitor.proof(nonce=...))
    assert_challenged(answer, "use_dpop_nonce")
    nonce = answer.headers["DPoP-Nonce"]
    assert re.fullmatch(r"[\w-]{22}", nonce)
    assert visitor.ask(visitor.proof(nonce=nonce)).status_code == 200


def test_a_stolen_bound_token_is_worth_nothing_at_a_proxy(visitor):
    used = visitor.proof()
    assert visitor.ask(used).status_code == 200
    thief = dpop.Key()
    url = SITE + "/rooms/7"
    for name, code, answer in (
        ("used again", "invalid_dpop_proof", visitor.ask(used)),
        ("of another path", "invalid_dpop_proof", visitor.ask(visitor.proof(path="/rooms/8"))),
        ("of another method", "invalid_dpop_proof", visitor.ask(visitor.proof("PUT"))),
        ("of another site", "invalid_dpop_proof", visitor.ask(visitor.proof(site="https://evil.example"))),
        ("of the proxy's port", "invalid_dpop_proof", visitor.ask(visitor.proof(site=visitor.proxy.url))),
        ("of the check", "invalid_dpop_proof",
         visitor.ask(visitor.proof(site=visitor.client.base, path="/v1/forward-auth"))),
        ("by another key", "invalid_token",
         visitor.ask(thief.proof("GET", url, visitor.token, nonce=visitor.nonce))),
        ("none", "invalid_token", visitor.ask(None)),
        ("none, as a bearer", "invalid_token", visitor.ask(None, scheme="Bearer")),
        ("good, as a bearer", "invalid_token", visitor.ask(visitor.proof(), scheme="Bearer")),
    ):  # fmt: skip
        assert visitor.token not in answer.text, name
        assert_challenged(answer, code)


def test_a_client_can_not_say_what_its_request_was(visitor):
    """A proof for one path, presented at another with the proxy's own fields forged."""
    forged = {
        "X-Forwarded-Method": "PUT", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Uri": "/rooms/8",
    }  # fmt: skip
    for proof in (
        visitor.proof("PUT", "/rooms/8", "http://evil.example"), visitor.proof("GET", "/rooms/8"),
        visitor.proof("PUT"), visitor.proof(site="https://evil.example"),
    ):  # fmt: skip
        answer = visitor.ask(proof, **forged)
        assert answer.status_code == 401 and answer.reached is None
    for host in ("evil.example", "www.customer.example:8443"):
        assert visitor.ask(visitor.proof(site=f"https://{host}"), Host=host).status_code == 401
        assert visitor.ask(visitor.proof(), Host=host).status_code == 200
    assert visitor.ask(visitor.proof(), **forged).status_code == 200
    for named in ("DPoP", "X-Forwarded-Uri", "X-Forwarded-Host, X-Forwarded-Method"):
        answer = visitor.ask(visitor.proof("GET", "/rooms/8"), Connection=named, **forged)
        assert answer.status_code in (400, 401) and answer.reached is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_passes_brings_a_newer_nonce_when_the_old_one_ages(kind, fresh, shim, application):
    with harness.Service(fresh, listen="127.0.0.1:0") as service:
        slot = None
        while slot != int(time.time()) // NONCE_SLOT_SECONDS:
            slot = int(time.time()) // NONCE_SLOT_SECONDS
            visitor = BoundVisitor(service, None, application)
    into_the_next = (slot + 1) * NONCE_SLOT_SECONDS + 10 - int(time.time())
    env = {"LD_PRELOAD": str(shim), "CLOCK_SHIFT_SECONDS": str(into_the_next)}
    with harness.Service(fresh, "--trusted-proxies", "127.0.0.1", env=env) as service:
        with proxy_for(kind, service, application) as visitor.proxy:
            answer = visitor.ask(visitor.proof())
            assert answer.status_code == 200 and answer.reached is not None, answer.text
            newer = answer.headers["DPoP-Nonce"]
            assert newer != visitor.nonce
            answer = visitor.ask(visitor.proof(nonce=newer))
            assert answer.status_code == 200 and "DPoP-Nonce" not in answer.headers
