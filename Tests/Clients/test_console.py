"""S04: members sign in over https with a real cookie jar, and call the routes of backends without a key."""

import json
import os
import pty
import shutil
import subprocess

import pytest
import requests

import formats
import harness
from harness import CANARY_DOMAIN, assert_error, run_cli
from test_tls import make_certificate
from test_workspaces import CONFLICT, NOT_FOUND, OK, USAGE, made, platform_key

PASSWORD = "correct horse battery staple"
EMAIL = f"grace@{CANARY_DOMAIN}"


def ask(method, url, **more):
    """One request without a jar, trusting what it is told to trust."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=20, **more)


def member(deployment, command, *words, stdin="", **more):
    return run_cli("member", command, *words, "--data-dir", deployment.data_dir, "--json", stdin=stdin, **more)


def create(deployment, email=EMAIL, *roles, password=PASSWORD):
    words = [word for role in roles or ("default=operator",) for word in ("--role", role)]
    return made(member(deployment, "create", "--email", email, *words, stdin=password + "\n"))


@pytest.fixture()
def console(fresh, tmp_path):
    """A service behind its own TLS, with one operator among its members; and its certificate."""
    create(fresh)
    cert, key = make_certificate(tmp_path, "console")
    with harness.Service(fresh, "--tls-cert", cert, "--tls-key", key, scheme="https") as running:
        running.cert = str(cert)
        yield running


class Page:
    """A page of the console: a cookie jar, the session's token, and what a browser adds."""

    def __init__(self, service, email=EMAIL, password=PASSWORD):
        self.service = service
        self.session = requests.Session()
        self.session.verify = service.cert
        self.session.trust_env = False
        self.marks = {"Origin": service.url, "Sec-Fetch-Site": "same-origin"}
        self.answer = self.send("POST", "/v1/console/sessions", json={"email": email, "password": password})
        self.csrf = self.answer.json().get("csrf_token")

    def send(self, method, path, marks=True, **more):
        headers = dict(self.marks) if marks and method != "GET" else {}
        if marks and method != "GET" and getattr(self, "csrf", None):
            headers["X-CSRF-Token"] = self.csrf
        headers.update(more.pop("headers", {}))
        return self.session.request(method, self.service.url + path, headers=headers, timeout=20, **more)


INVITE = {"campaign_id": "camp_1", "participant_email": f"ada@{CANARY_DOMAIN}"}


def test_s04_a_cookie_jar_signs_in_calls_backend_routes_and_signs_out(console):
    page = Page(console)
    assert page.answer.status_code == 201, page.answer.text
    signed_in = page.answer.json()
    assert formats.is_id(signed_in["member"]["id"], "mem") and signed_in["member"]["email"] == EMAIL
    assert [(w["slug"], w["role"]) for w in signed_in["workspaces"]] == [("default", "operator")]
    assert [(c.name, c.secure, c.path) for c in page.session.cookies] == [("__Host-session", True, "/")]
    where = "?accountSlug=default&environment=test"
    minted = page.send("POST", "/v1/invites" + where, json=INVITE)
    assert minted.status_code == 201, minted.text
    listed = page.send("GET", "/api/v1/invites" + where)
    assert [row["id"] for row in listed.json()["data"]] == [minted.json()["id"]]
    assert_error(page.send("POST", "/v1/invites" + where, marks=False, json=INVITE), 403, "origin_not_allowed")
    foreign = page.send("GET", "/v1/invites" + where, headers={"Origin": "https://evil.example"})
    assert_error(foreign, 403, "origin_not_allowed")
    assert_error(page.send("GET", "/v1/invites?accountSlug=nowhere"), 404, "not_found")
    assert_error(page.send("GET", "/v1/invites"), 400, "invalid_request", "accountSlug")
    assert_error(page.send("GET", "/v1/policies" + where, headers={"x-api-key": "ts_test_wrong"}), 401, "unauthorized")
    assert_error(page.send("POST", "/v1/api-keys" + where, json={"name": "n"}), 403, "insufficient_scope")
    cookie = page.session.cookies.get("__Host-session")
    assert page.send("DELETE", "/v1/console/sessions").status_code == 204
    assert not page.session.cookies, "the browser forgot the cookie"
    headers = {"Cookie": "__Host-session=" + cookie}
    again = ask("GET", console.url + "/v1/invites" + where, headers=headers, verify=console.cert)
    assert_error(again, 401, "unauthorized")


def test_s04_the_seeds_curl_line_works_from_a_signed_in_jar(console, tmp_path):
    curl = shutil.which("curl")
    assert curl, "curl is missing"
    jar = tmp_path / "jar"

    def run(*words):
        done = subprocess.run(
            [curl, "-sS", "--cacert", console.cert, "-c", jar, "-b", jar, *words], capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    url = console.url.replace("127.0.0.1", "localhost")
    body = json.dumps({"email": EMAIL, "password": PASSWORD})
    run("-X", "POST", f"{url}/v1/console/sessions", "-H", "Content-Type: application/json", "-d", body)
    assert "__Host-session" in jar.read_text()
    listed = json.loads(run("-X", "GET", f"{url}/api/v1/invites?accountSlug=default"))
    assert listed == {"data": [], "has_more": False, "next_cursor": None}


def test_s04_a_browser_keeps_the_cookie_on_loopback_without_tls(fresh):
    create(fresh)
    with harness.Service(fresh) as service:
        body = {"email": EMAIL, "password": PASSWORD}
        answer = ask("POST", service.url + "/v1/console/sessions", json=body)
        assert answer.status_code == 201 and "; Secure; " in answer.headers["Set-Cookie"]
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        headers = {"Cookie": cookie, "Origin": service.url, "X-CSRF-Token": answer.json()["csrf_token"]}
        where = service.url + "/v1/invites?accountSlug=default&environment=test"
        assert ask("POST", where, json=INVITE, headers=headers).status_code == 201
        assert_error(ask("POST", where, json=INVITE, headers={**headers, "Origin": "http://localhost:1"}), 403)


def test_s04_sessions_outlive_a_restart_and_passwords_are_never_said(console):
    page = Page(console)
    wrong = Page(console, password="wrong " + PASSWORD)
    assert_error(wrong.answer, 401, "unauthorized")
    unknown = Page(console, email=f"nobody@{CANARY_DOMAIN}")
    assert unknown.answer.json()["error"]["message"] == wrong.answer.json()["error"]["message"]
    console.stop()
    console.restart()
    assert page.send("GET", "/v1/console/sessions").json()["member"]["email"] == EMAIL
    console.stop()
    said = console.output()
    for secret in (PASSWORD, CANARY_DOMAIN, page.session.cookies.get("__Host-session"), page.csrf):
        assert secret not in said


def test_s04_many_sign_ins_at_once_keep_the_service_answering(console):
    """Each costs 128 MiB and half a second of one thread; the others wait or get 503, and a key's request does not."""
    import concurrent.futures
    import time

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        tries = [pool.submit(Page, console, f"m{n}@{CANARY_DOMAIN}") for n in range(16)]
        slowest = 0.0
        for _ in range(20):
            started = time.monotonic()
            answer = ask("GET", console.url + "/livez", verify=console.cert)
            slowest = max(slowest, time.monotonic() - started)
            assert answer.status_code == 200
        answers = [done.result().answer for done in tries]
    assert {answer.status_code for answer in answers} <= {401, 503}, [answer.status_code for answer in answers]
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 503)
    assert any(answer.status_code == 503 for answer in answers), "one runs, and of one address two wait"
    assert slowest < 5


def test_a_key_that_is_revoked_while_passwords_wait_makes_nobody(fresh):
    """Four wait for the one thread that hashes, half a second each; the revocation, after the first, waits for none."""
    import concurrent.futures

    scopes = ["workspaces:read", "workspaces:write"]
    key = platform_key(fresh, "--environment", "live", scopes=scopes)["secret"]
    with harness.Service(fresh) as service, concurrent.futures.ThreadPoolExecutor(5) as pool:
        headers = {"Authorization": "Bearer " + key}

        def make(number):
            body = {"email": f"m{number}@{CANARY_DOMAIN}", "password": PASSWORD, "roles": []}
            return ask("POST", service.url + "/v1/members", json=body, headers=headers)

        tries = [pool.submit(make, number) for number in range(5)]
        concurrent.futures.wait(tries, return_when=concurrent.futures.FIRST_COMPLETED)
        assert ask("POST", service.url + "/v1/api-keys/self-revoke", json={"key": key}).status_code == 204
        statuses = sorted(done.result().status_code for done in tries)
    assert set(statuses) == {201, 401} and statuses.count(401) >= 2, statuses
    assert len(member(fresh, "list").out.splitlines()) == statuses.count(201)


def test_s04_the_operator_manages_members(fresh):
    one = create(fresh)
    assert formats.is_id(one["id"], "mem") and one["status"] == "active"
    assert [role["role"] for role in one["roles"]] == ["operator"]
    taken = member(fresh, "create", "--email", EMAIL.upper(), stdin=PASSWORD + "\n")
    assert taken.returncode == CONFLICT
    create(fresh, f"ada@{CANARY_DOMAIN}", "default=viewer")
    listed = member(fresh, "list", "--workspace", "default")
    assert [json.loads(line)["email"] for line in listed.out.splitlines()] == [f"ada@{CANARY_DOMAIN}", EMAIL]
    for name in (one["id"], EMAIL):
        assert made(member(fresh, "show", name)) == one
    assert made(member(fresh, "set", EMAIL, "--role", "default=security"))["roles"][0]["role"] == "security"
    assert made(member(fresh, "set", EMAIL, "--no-roles"))["roles"] == []
    assert member(fresh, "set", EMAIL).returncode == USAGE
    assert member(fresh, "set", EMAIL, "--role", "nowhere=viewer").returncode == NOT_FOUND
    assert made(member(fresh, "disable", EMAIL))["status"] == "disabled"
    assert made(member(fresh, "enable", EMAIL))["status"] == "active"
    assert made(member(fresh, "sign-out", EMAIL))["status"] == "active"
    assert member(fresh, "show", f"nobody@{CANARY_DOMAIN}").returncode == NOT_FOUND
    text = run_cli("member", "show", EMAIL, "--data-dir", fresh.data_dir)
    assert EMAIL in text.out and "active" in text.out


def test_s04_a_password_comes_from_a_file_or_standard_input_and_is_never_an_argument(fresh, tmp_path):
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    made(member(fresh, "create", "--email", EMAIL, "--password-file", file))
    made(member(fresh, "reset-password", EMAIL, "--password-file", "-", stdin="another long password\n"))
    assert member(fresh, "reset-password", EMAIL, "--password", PASSWORD).returncode == USAGE
    assert member(fresh, "reset-password", EMAIL, "--password-file", tmp_path / "none").returncode == USAGE
    assert member(fresh, "reset-password", EMAIL, stdin="").returncode == USAGE
    short = member(fresh, "reset-password", EMAIL, stdin="too short\n")
    assert short.returncode not in (OK, USAGE) and "12" in short.err
    with harness.Service(fresh) as service:
        for password, status in ((PASSWORD, 401), ("another long password", 201)):
            body = {"email": EMAIL, "password": password}
            assert ask("POST", service.url + "/v1/console/sessions", json=body).status_code == status


def test_s04_a_terminal_asks_twice_and_shows_nothing(fresh):
    def ask(first, second):
        controller, terminal = pty.openpty()
        words = [harness.executable(), "member", "create", "--email", EMAIL, "--data-dir", str(fresh.data_dir), "--json"]
        running = subprocess.Popen(
            words, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=harness.clean_environment()
        )
        seen = b""
        for prompt, line in ((b"New password: ", first), (b"The same again: ", second)):
            said = b""
            while prompt not in said:
                byte = running.stderr.read(1)
                assert byte, said
                said += byte
            os.write(controller, line.encode() + b"\n")
        out, err = running.communicate(timeout=30)
        os.set_blocking(controller, False)
        try:
            seen = os.read(controller, 10_000)
        except BlockingIOError:
            pass
        os.close(terminal)
        os.close(controller)
        assert first.encode() not in seen + out + err
        return running.returncode

    assert ask(PASSWORD, PASSWORD + "x") == USAGE
    assert ask(PASSWORD, PASSWORD) == OK
