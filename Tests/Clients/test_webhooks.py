"""Webhooks to real receivers on loopback: signatures checked by others' code, failures, crashes, and where they may go."""

import hashlib
import hmac
import http.server
import json
import queue
import re
import shutil
import socket
import ssl
import subprocess
import threading

import pytest
import requests
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

import cli
import harness
import test_tls
from documents import Shell, blocks, json_values
from harness import wait_until
from ports import free_port

NODE = shutil.which("node")
EXAMPLES = (harness.TOP / "docs" / "webhooks.md").read_text()
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


class Receiver:
    """An HTTP server whose answers are told to it: a status, a status with fields, or a function that does it all."""

    def __init__(self, answer=204, port=0, tls=None):
        self.answer, self.received = answer, queue.Queue()
        self.all = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.all.append((self.path, dict(self.headers), body))
                outer.received.put((self.path, self.headers, body))
                outer.respond(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.scheme = "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def respond(self, handler):
        answer = self.answer
        if callable(answer):
            return answer(handler)
        status, fields = answer if isinstance(answer, tuple) else (answer, {})
        handler.send_response(status)
        for name, value in fields.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    @property
    def port(self):
        return self.server.server_address[1]

    def url(self, path="/hook", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def next(self, seconds=10):
        return self.received.get(timeout=seconds)

    def events(self):
        return [json.loads(body) for _, _, body in list(self.all)]

    def ids(self):
        return [event["id"] for event in self.events()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def make(api, url, *events):
    answer = api.post("/v1/webhooks", {"url": url, "events": list(events) or ["invite.*"]})
    assert answer.status_code == 201, answer.text
    return answer.json()


def deliveries(api, webhook):
    return api.pages(f"/v1/webhooks/{webhook['id']}/deliveries")


def settled(api, webhook, status):
    """The newest delivery once it has the status."""
    return wait_until(
        f"a delivery that is {status}",
        lambda: next((one for one in deliveries(api, webhook)[:1] if one["status"] == status), None),
        15,
    )


def example(name):
    """The code of one example of the page, by the comment on its first line."""
    blocks = re.findall(r"```(?:python|js)\n(.*?)```", EXAMPLES, re.S)
    found = [block for block in blocks if block.splitlines()[0].strip("#/ ") == name]
    assert len(found) == 1, name
    return found[0]


def plainly_signed(secret, headers, body, field="X-Signature"):
    """The seed's own check: HMAC-SHA256 over timestamp + "." + payload under the secret's text, in hexadecimal."""
    expected = hmac.new(secret.encode(), headers["X-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers[field])


@pytest.fixture()
def receiver():
    with Receiver() as one:
        yield one


def test_both_signatures_are_good_to_other_peoples_code(own_service, receiver):
    """S67, S68."""
    api = own_service.api()
    webhook = make(api, receiver.url("/hook?a=b"))
    assert SECRET.fullmatch(webhook["secret"])
    invite = api.mint()
    path, headers, body = receiver.next()
    assert path == "/hook?a=b" and headers["Content-Type"] == "application/json"
    event = Webhook(webhook["secret"]).verify(body, dict(headers))
    assert event["type"] == "invite.created" and event["data"]["target"] == invite["id"]
    assert event["id"] == headers["webhook-id"] and event["workspace_id"] == own_service.deployment.workspace_id
    assert plainly_signed(webhook["secret"], headers, body)
    for wrong in (body + b" ", body.replace(b"invite.created", b"invite.revoked")):
        with pytest.raises(WebhookVerificationError):
            Webhook(webhook["secret"]).verify(wrong, dict(headers))
        assert not plainly_signed(webhook["secret"], headers, wrong)
    assert harness.CANARY_DOMAIN.encode() not in body and invite["participant_email"].encode() not in body
    assert not harness.TOKEN_SHAPE.search(body.decode())
    # The secret is where it was shown, and nowhere else.
    assert "authorization" not in {name.lower() for name in headers}
    assert webhook["secret"] not in str(headers) + body.decode() + api.get("/v1/webhooks").text
    settled(api, webhook, "delivered")
    raw = webhook["secret"].encode()
    for file in own_service.deployment.data_dir.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert raw not in content and raw[6:] not in content and receiver.url().encode() not in content, file
    assert webhook["secret"] not in own_service.output()


@pytest.mark.parametrize("name", ["python: standard", "python: plain", "node: standard", "node: plain"])
def test_the_examples_of_the_page_work(own_service, receiver, name, tmp_path):
    api = own_service.api()
    webhook = make(api, receiver.url())
    rotated = api.post(f"/v1/webhooks/{webhook['id']}/rotate-secret", {}).json()
    api.mint()
    _, headers, body = receiver.next()
    tampered = body.replace(b"invite.created", b"invite.revoked")
    for secret in (webhook["secret"], rotated["secret"]):
        for text, is_good in ((body, True), (tampered, False)):
            assert verifies(name, secret, headers, text, tmp_path) == is_good
    other = "whsec_" + "A" * 43 + "="
    assert not verifies(name, other, headers, body, tmp_path)


def verifies(name, secret, headers, body, directory):
    if name.startswith("python"):
        scope = {}
        exec(compile(example(name), name, "exec"), scope)  # noqa: S102 - our own page
        try:
            return bool(scope["verify"](secret, headers, body))
        except WebhookVerificationError:
            return False
    if NODE is None:
        pytest.skip("no node")
    lower = {key.lower(): value for key, value in headers.items()}
    script = directory / "check.js"
    script.write_text(
        example(name)
        + "const [secret, headers, body] = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"
        + "process.stdout.write(String(verify(secret, headers, Buffer.from(body, 'base64'))));\n"
    )
    import base64

    done = subprocess.run(
        [NODE, str(script)], input=json.dumps([secret, lower, base64.b64encode(body).decode()]), capture_output=True,
        text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout == "true"


def test_s76_the_command_of_the_page_makes_a_webhook(own_service, tmp_path):
    shell = Shell(
        tmp_path, TOKENSERVICE_URL=own_service.url, TOKENSERVICE_API_KEY=own_service.deployment.secret
    )  # fmt: skip
    (made,) = json_values(shell.run(blocks("docs/webhooks.md", "sh")[0]))
    assert made["events"] == ["invite.*", "key.expiring"] and SECRET.fullmatch(made["secret"])


def test_a_redirect_is_a_failure_and_not_followed(own_service, receiver):
    api = own_service.api()
    with Receiver() as target:
        for status in (301, 302, 303, 307, 308):
            receiver.answer = (status, {"Location": target.url("/elsewhere")})
            webhook = make(api, receiver.url(f"/{status}"))
            api.mint()
            one = settled(api, webhook, "retrying")
            assert (one["response_status"], one["error"]) == (status, "status")
            assert api.delete(f"/v1/webhooks/{webhook['id']}").status_code == 204
        assert target.all == []


def test_a_receiver_that_hangs_slows_nobody(own_service, receiver):
    api = own_service.api()
    gate = threading.Event()
    with Receiver(answer=lambda handler: gate.wait(60)) as hanging:
        for number in range(4):
            make(api, hanging.url(f"/{number}"))
        good = make(api, receiver.url())
        for _ in range(10):
            api.mint()
        got = [json.loads(receiver.next(10)[2])["type"] for _ in range(10)]
        assert got == ["invite.created"] * 10
        settled(api, good, "delivered")
        wait_until("the hanging ones to be tried", lambda: len(hanging.all) >= 3)
        # The service itself is as quick as ever.
        assert api.get("/v1/webhooks").elapsed.total_seconds() < 2
        gate.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"HTTP/1.1 200 OK\n\n", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 999 Odd\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 20_000 + b"\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_answer_is_a_failure(own_service, answer):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    api = own_service.api()
    webhook = make(api, f"http://127.0.0.1:{listener.getsockname()[1]}/")
    api.mint()
    one = settled(api, webhook, "retrying")
    assert one["error"] in ("malformed_answer", "unreachable") and one["response_status"] is None
    listener.close()


def test_down_and_up_again(own_service):
    api = own_service.api()
    port = free_port()
    webhook = make(api, f"http://127.0.0.1:{port}/")
    made = [api.mint()["id"] for _ in range(3)]
    one = settled(api, webhook, "retrying")
    assert one["error"] == "unreachable" and one["attempts"] >= 1
    assert api.get(f"/v1/webhooks/{webhook['id']}").json()["failing_since"]
    with Receiver(port=port) as receiver:
        wait_until("all three", lambda: len(receiver.all) >= 3, 30)
        assert [event["data"]["target"] for event in receiver.events()] == made
        settled(api, webhook, "delivered")
    assert api.get(f"/v1/webhooks/{webhook['id']}").json()["failing_since"] is None


def test_killed_in_the_middle_nothing_is_lost(fresh):
    """`kill -9` while deliveries are under way: every event that was committed arrives, in order, maybe twice."""
    running = harness.Service(fresh).start()
    made = []
    with Receiver() as receiver:
        webhook = make(running.api(), receiver.url())
        try:
            for count in (5, 40, 90):
                while len(made) < count:
                    made.append(running.api().mint()["id"])
                wait_until("some deliveries", lambda: len(receiver.all) > count // 3, 20)
                running.kill()
                running.restart()
            api = running.api()
            wait_until("all of them", lambda: len(set(receiver.ids())) >= len(made), 30)
            first = list(dict.fromkeys(event["data"]["target"] for event in receiver.events()))
            assert first == made
            twice = len(receiver.all) - len(made)
            assert twice <= 3, f"{twice} deliveries were repeated for 3 kills"
            settled(api, webhook, "delivered")
        finally:
            running.kill()


def test_a_stop_in_order_repeats_nothing(fresh):
    running = harness.Service(fresh).start()
    with Receiver() as receiver:
        make(running.api(), receiver.url())
        for _ in range(20):
            running.api().mint()
        wait_until("some deliveries", lambda: len(receiver.all) > 3)
        running.stop()
        running.restart()
        wait_until("all of them", lambda: len(set(receiver.ids())) == 20, 20)
        running.api().mint()
        wait_until("the last", lambda: len(set(receiver.ids())) == 21, 20)
        assert len(receiver.all) == 21
        running.stop()


def test_a_rotated_secret_overlaps(own_service, receiver):
    api = own_service.api()
    webhook = make(api, receiver.url())
    rotated = api.post(f"/v1/webhooks/{webhook['id']}/rotate-secret", {})
    assert rotated.status_code == 201 and rotated.headers["Cache-Control"] == "no-store"
    new = rotated.json()["secret"]
    api.mint()
    _, headers, body = receiver.next()
    for secret in (webhook["secret"], new):
        assert Webhook(secret).verify(body, dict(headers))
    assert plainly_signed(new, headers, body) and plainly_signed(webhook["secret"], headers, body, "X-Signature-Previous")


def test_gone_disables_with_an_alert(own_service, receiver):
    api = own_service.api()
    receiver.answer = 410
    webhook = make(api, receiver.url())
    api.mint()
    wait_until("disabled", lambda: not api.get(f"/v1/webhooks/{webhook['id']}").json()["enabled"])
    read = api.get(f"/v1/webhooks/{webhook['id']}").json()
    assert read["disabled_reason"] == "gone"
    alerts = api.get("/v1/audit-events", params={"type": "alert.webhook_disabled"}).json()["data"]
    assert [alert["target"] for alert in alerts] == [webhook["id"]]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return test_tls.make_certificate(tmp_path_factory.mktemp("receiver"), "receiver")


def test_https_to_a_trusted_receiver(fresh, certificate):
    with Receiver(tls=certificate) as receiver, harness.Service(fresh, "--webhook-ca-file", certificate[0]) as service:
        api = service.api()
        by_name, by_address = make(api, receiver.url(host="localhost")), make(api, receiver.url())
        api.mint()
        for webhook in (by_name, by_address):
            assert settled(api, webhook, "delivered")["response_status"] == 204
        assert {headers["Host"] for _, headers, _ in receiver.all} == {
            f"localhost:{receiver.port}", f"127.0.0.1:{receiver.port}",
        }  # fmt: skip


def test_https_to_anybody_else_is_refused(fresh, certificate, tmp_path):
    other = test_tls.make_certificate(tmp_path, "other")
    with Receiver(tls=certificate) as receiver:
        for words in ([], ["--webhook-ca-file", other[0]]):
            with harness.Service(fresh, *words) as service:
                api = service.api()
                webhook = make(api, receiver.url(host="localhost"))
                api.mint()
                assert settled(api, webhook, "retrying")["error"] == "tls"
        assert receiver.all == []


def test_a_deployment_on_the_network_reaches_nothing_inside(tmp_path, certificate):
    """A name that leads to loopback is taken when the webhook is made, and refused at each try; nothing connects."""
    deployment = harness.Deployment(harness.fresh_directory(tmp_path), issuer="https://tokens.example.com")
    with Receiver(tls=certificate) as receiver:
        with harness.Service(deployment, "--webhook-ca-file", certificate[0]) as service:
            api = service.api()
            for url in (
                "http://localhost:9/", "https://127.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/",
                "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://2130706433/", "https://0x7f.1/",
            ):  # fmt: skip
                refused = api.post("/v1/webhooks", {"url": url, "events": ["*"]})
                assert refused.status_code == 400 and refused.json()["error"]["param"] == "url", url
            webhook = make(api, receiver.url(host="localhost"))
            api.mint()
            assert settled(api, webhook, "retrying")["error"] == "address_refused"
            assert receiver.all == []
            text = requests.get(service.admin_url + "/metrics", timeout=10).text
            assert 'tokenservice_webhook_failures_total{reason="address_refused"} 1' in text
            assert "tokenservice_webhook_endpoints 1" in text
        allowed = "127.0.0.0/8,::1/128"
        with harness.Service(
            deployment, "--webhook-ca-file", certificate[0], "--webhook-allow-network", allowed
        ) as service:
            assert settled(service.api(), webhook, "delivered")["attempts"] >= 2
            assert len(receiver.all) == 1


def test_a_wrong_network_or_file_is_refused_at_the_start(fresh, tmp_path):
    for words in (["--webhook-allow-network", "10.0.0.1/8"], ["--webhook-ca-file", str(tmp_path / "none.pem")]):
        done = harness.run_cli(
            "serve", "--data-dir", fresh.data_dir, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", *words
        )
        assert done.returncode in (1, 2) and done.err, done.out


def test_the_secret_is_no_credential(service, api):
    """S12: kept beside the webhook, never sent as a header."""
    webhook = make(api, "http://127.0.0.1:9/", "key.imported")
    for header in ("bearer", "x-api-key"):
        harness.assert_error(service.api(webhook["secret"], header).get("/v1/invites"), 401, "unauthorized")
    assert api.delete(f"/v1/webhooks/{webhook['id']}").status_code == 204


def test_command_line(own_service, receiver):
    def run(*words, output=True):
        return cli.remote(own_service, "webhook", *words, json_output=output)

    made = run("create", "--endpoint", receiver.url(), "--event", "invite.*", "--event", "key.*", "--description", "crm")
    assert made.returncode == 0, made.err
    webhook = json.loads(made.out)
    assert webhook["events"] == ["invite.*", "key.*"] and SECRET.fullmatch(webhook["secret"])
    listed = run("list")
    assert [json.loads(line)["id"] for line in listed.out.splitlines()] == [webhook["id"]]
    assert webhook["secret"] not in listed.out
    tested = run("test", webhook["id"])
    assert tested.returncode == 0
    event = json.loads(tested.out)["event_id"]
    _, headers, body = receiver.next()
    assert headers["webhook-id"] == event and Webhook(webhook["secret"]).verify(body, dict(headers))
    settled(own_service.api(), webhook, "delivered")
    lines = run("deliveries", webhook["id"]).out.splitlines()
    assert [(json.loads(line)["event_id"], json.loads(line)["status"]) for line in lines] == [(event, "delivered")]
    again = run("redeliver", webhook["id"], event, output=False)
    assert again.returncode == 0 and event in again.out
    assert receiver.next()[1]["webhook-id"] == event
    rotated = json.loads(run("rotate-secret", webhook["id"], "--overlap", "1h").out)
    assert SECRET.fullmatch(rotated["secret"]) and rotated["secret"] != webhook["secret"]
    assert run("delete", webhook["id"]).returncode == 0
    assert run("delete", webhook["id"]).returncode == 4
    assert run("create", "--endpoint", "http://10.0.0.1/", "--event", "*").returncode != 0


def test_deleted_means_no_more(own_service, receiver):
    api = own_service.api()
    webhook, other = make(api, receiver.url("/one")), make(api, receiver.url("/two"))
    assert api.delete(f"/v1/webhooks/{webhook['id']}").status_code == 204
    api.mint()
    settled(api, other, "delivered")
    assert [path for path, _, _ in receiver.all] == ["/two"]
