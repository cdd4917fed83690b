"""Runs the real executable: deployments on disk, the service as a process, and clients of it.

Black box: everything here follows the wire contract and the executable's own answers.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import requests

import formats

ISSUER = "http://localhost:8080"
START_SECONDS = 20.0
STOP_SECONDS = 10.0
ANSWER_SECONDS = 20.0
CANARY_DOMAIN = "canary-mail.example"
TOP = pathlib.Path(__file__).resolve().parents[2]

BOUND = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}|\[::1\]|localhost):(\d{1,5})")
TOKEN_SHAPE = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")
KEY_SHAPE = re.compile(r"\b[a-z]{2,8}_(?:live|test)_[0-9A-Za-z]{43}\b")
TRAP_SHAPE = re.compile(r"Fatal error|SIGILL|SIGTRAP|Program crashed|AddressSanitizer|ThreadSanitizer|LeakSanitizer")


def executable():
    path = os.environ.get("TOKENSERVICE_BIN")
    assert path, "TOKENSERVICE_BIN must name the token-service executable (Tests/Clients/run finds it)"
    return path


def clean_environment(extra=None):
    """What the executable gets to see: no settings of this machine's own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    kept["HOME"] = tempfile.gettempdir()
    for name, value in os.environ.items():
        if name.endswith("SAN_OPTIONS"):
            kept[name] = value
    kept.update(extra or {})
    return kept


def run_cli(*arguments, stdin="", env=None, timeout=30):
    """One command to its end; asserts that no argument is a secret and that it did not trap."""
    for argument in arguments:
        assert not KEY_SHAPE.search(str(argument)), "a test put a key on a command line"
    done = subprocess.run(
        [executable(), *[str(argument) for argument in arguments]],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        timeout=timeout,
        env=clean_environment(env),
        cwd=tempfile.gettempdir(),
    )
    done.out, done.err = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    assert done.returncode >= 0, f"ended by signal {-done.returncode}: {done.err[-2000:]}"
    assert not TRAP_SHAPE.search(done.err), done.err[-2000:]
    return done


def wait_until(what, condition, seconds=10.0):
    """Polls for an outside event that gives no notice; fails at the deadline."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        threading.Event().wait(0.01)


class Deployment:
    """A data directory made by `init`."""

    def __init__(self, root, environment="test", issuer=ISSUER, algorithm=None, env=None):
        self.data_dir = pathlib.Path(root)
        self.environment = environment
        self.issuer = issuer
        words = ["init", "--data-dir", self.data_dir, "--issuer", issuer, "--environment", environment, "--json"]
        done = run_cli(*words, *(["--algorithm", algorithm] if algorithm else []), env=env)
        assert done.returncode == 0, (done.returncode, done.err)
        made = json.loads(done.out)
        self.made = made
        self.workspace_id = made["workspace_id"]
        self.key_id = made["api_key"]["id"]
        self.secret = made["api_key"]["secret"]

    def master_key_file(self):
        """The file with the master key: told by its name, else the only small file that is no data base."""
        files = [path for path in self.data_dir.rglob("*") if path.is_file()]
        named = [path for path in files if "master" in path.name.lower()]
        if len(named) == 1:
            return named[0]
        small = [path for path in files if 16 <= path.stat().st_size <= 512 and b"SQLite" not in path.read_bytes()]
        assert len(small) == 1, f"which of {files} is the master key?"
        return small[0]


class Service:
    """One `serve` process. Use as a context manager: the end is SIGTERM and an exit code of 0."""

    def __init__(
        self, deployment, *arguments, env=None, listen="127.0.0.1:0", scheme="http", log_may_hold=(), within=()
    ):
        """`within` is a command that runs the words behind it somewhere else, such as in a network of their own."""
        self.deployment = deployment
        self.arguments = list(arguments)
        self.env = {"TOKENSERVICE_ADDRESS_LIMIT": "off", **(env or {})}
        self.listen = listen
        self.scheme = scheme
        self.log_may_hold = log_may_hold
        self.within = list(within)
        self.process = None
        self.lines = []
        self.ready = threading.Event()
        self.address = self.admin_address = None

    def start(self):
        self.ready.clear()
        self.process = subprocess.Popen(
            [
                *self.within, executable(), "serve",
                "--data-dir", str(self.deployment.data_dir),
                "--listen", self.listen,
                "--admin-listen", self.listen.rpartition(":")[0] + ":0" if self.within else "127.0.0.1:0",
                *[str(argument) for argument in self.arguments],
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(self.env),
            cwd=tempfile.gettempdir(),
        )  # fmt: skip
        self.readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self.readers:
            reader.start()
        if not self.ready.wait(START_SECONDS) or self.address is None:
            self.kill()
            raise AssertionError(f"serve said nothing of being ready; it said:\n{self.output()[-3000:]}")
        return self

    def _read(self, stream):
        for raw in stream:
            line = raw.decode("utf-8", "replace")
            self.lines.append(line)
            if self.address is None or not self.ready.is_set():
                self._look_for_addresses(line)
        stream.close()
        if self.process.poll() is not None or stream is self.process.stdout:
            self._wake_when_dead()

    def _wake_when_dead(self):
        try:
            self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return
        self.ready.set()

    def _look_for_addresses(self, line):
        """The ready line is the first with two bound addresses: public, then admin."""
        line = line.replace(self.deployment.issuer, "")
        found = []
        for host, port in BOUND.findall(line):
            pair = (host.strip("[]"), int(port))
            if pair[1] and pair not in found:
                found.append(pair)
        if len(found) >= 2:
            self.address, self.admin_address = found[0], found[1]
            self.ready.set()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            if kind is None:
                self.stop()
            else:
                self.kill()

    @property
    def url(self):
        return f"{self.scheme}://{self._host(self.address)}"

    @property
    def admin_url(self):
        return f"http://{self._host(self.admin_address)}"

    @staticmethod
    def _host(address):
        host, port = address
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """SIGTERM, the exit code, and a look for secrets in what it wrote."""
        if self.process.poll() is None:
            self.terminate()
        self.wait_for_end()

    def wait_for_end(self):
        try:
            code = self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"alive {STOP_SECONDS} s after SIGTERM:\n{self.output()[-2000:]}") from None
        self._join()
        assert code == 0, f"exit code {code}:\n{self.output()[-3000:]}"
        self.assert_clean_output()

    def kill(self):
        """SIGKILL: no mercy, no flush. Also the clean-up of failed tests."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=STOP_SECONDS)
        self._join()

    def _join(self):
        for reader in self.readers:
            reader.join(timeout=5)

    def restart(self):
        """A new process on the same data directory (the old one must have ended)."""
        assert self.process.poll() is not None
        self.address = self.admin_address = None
        return self.start()

    def output(self):
        return "".join(list(self.lines))

    def assert_clean_output(self):
        text = self.output()
        for held in self.log_may_hold:
            text = text.replace(held, "")
        assert not TOKEN_SHAPE.search(text), "a token in the log"
        assert not KEY_SHAPE.search(text), "an API key in the log"
        assert CANARY_DOMAIN not in text, "an e-mail address in the log"
        assert self.deployment.secret not in text, "the admin key in the log"
        assert not TRAP_SHAPE.search(text), text[-3000:]

    def api(self, key=None, header="bearer"):
        return Api(self, self.deployment.secret if key is None else key, header)

    def widget(self, origin=None):
        return Widget(self, origin)


class Client:
    """`requests` with the checks that hold for every answer of this service."""

    def __init__(self, service):
        self.service = service
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method, path, headers=None, json=None, data=None, params=None, base=None):
        if json is not None:
            headers = {"Content-Type": "application/json", **(headers or {})}
            data = dumps(json)
        if method in ("POST", "PUT", "PATCH") and data is None:
            data = b""
        answer = self.session.request(
            method, (base or self.service.url) + path, headers=headers, data=data, params=params,
            timeout=ANSWER_SECONDS, allow_redirects=False,
        )  # fmt: skip
        check_every_answer(answer)
        return answer

    def close(self):
        self.session.close()


def dumps(value):
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


class Api(Client):
    """A back end with an API key (`key=""` sends none)."""

    def __init__(self, service, key, header="bearer"):
        super().__init__(service)
        self.key = key
        if key and header == "bearer":
            self.session.headers["Authorization"] = f"Bearer {key}"
        elif key:
            self.session.headers[header] = key

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, json=None, **more):
        return self.call("POST", path, json=json, **more)

    def put(self, path, json=None, **more):
        return self.call("PUT", path, json=json, **more)

    def patch(self, path, json=None, **more):
        return self.call("PATCH", path, json=json, **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)

    def mint(self, campaign_id="camp_456abc", participant_email=None, **more):
        """A new invite; asserts the 201."""
        body = {"campaign_id": campaign_id, "participant_email": participant_email or email(), **more}
        answer = self.post("/v1/invites", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def verify(self, token):
        answer = self.post("/v1/tokens/verify", {"token": token})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def code_of(self, token):
        return self.verify(token)["code"]

    def introspect(self, token):
        answer = self.post("/v1/tokens/introspect", data={"token": token})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make_key(self, scopes, name="made by a test", **more):
        answer = self.post("/v1/api-keys", {"name": name, "scopes": scopes, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def pages(self, path, **params):
        """Every item of a list, following cursors."""
        items, cursor, turns = [], None, 0
        while True:
            asked = {**params, **({"cursor": cursor} if cursor else {})}
            answer = self.get(path, params=asked)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert set(page) == {"data", "has_more", "next_cursor"}, page
            assert page["has_more"] == (page["next_cursor"] is not None), page
            items += page["data"]
            cursor, turns = page["next_cursor"], turns + 1
            if not cursor:
                return items
            assert turns < 1_000, "a list without end"


class Widget(Client):
    """A browser's or native app's side: no API key."""

    def __init__(self, service, origin=None):
        super().__init__(service)
        if origin is not None:
            self.session.headers["Origin"] = origin

    def redeem(self, invite_token, holder_nonce=None, **more):
        body = {"invite_token": invite_token, **more}
        if holder_nonce is not None:
            body["holder_nonce"] = holder_nonce
        return self.call("POST", "/v1/widget/sessions", json=body)

    def open(self, invite_token, holder_nonce=None):
        """Redeems; asserts the 201."""
        answer = self.redeem(invite_token, holder_nonce)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def _bearer(self, token):
        return {"Authorization": f"Bearer {token}"} if token is not None else {}

    def validate(self, token):
        return self.call("GET", "/v1/widget/session", headers=self._bearer(token))

    def renew(self, token, holder_nonce=None):
        body = None if holder_nonce is None else {"holder_nonce": holder_nonce}
        return self.call("POST", "/v1/widget/session/renew", headers=self._bearer(token), json=body)

    def end(self, token):
        return self.call("DELETE", "/v1/widget/session", headers=self._bearer(token))

    def forward_auth(self, token, **params):
        return self.call("GET", "/v1/forward-auth", headers=self._bearer(token), params=params)


def check_every_answer(answer):
    """What the contract says of every answer: request id, nosniff, error body, no credentials in CORS."""
    headers = answer.headers
    assert formats.REQUEST_ID.match(headers.get("Request-Id", "")), f"Request-Id: {headers.get('Request-Id')!r}"
    assert headers.get("X-Content-Type-Options") == "nosniff", dict(headers)
    assert "Access-Control-Allow-Credentials" not in headers
    if answer.status_code in (429, 503):
        assert int(headers["Retry-After"]) >= 0
    if answer.status_code >= 400 and answer.content:
        check_error(answer)


def check_error(answer):
    path = answer.request.path_url
    if path.startswith("/v1/tokens/introspect") or path in ("/livez", "/readyz"):
        return
    kind = answer.headers.get("Content-Type", "").split(";")[0].strip()
    if kind == "application/problem+json":
        return
    assert kind == "application/json", f"{answer.status_code} as {kind!r}"
    body = answer.json()
    assert list(body) == ["error"], body
    error = body["error"]
    assert {"code", "message", "status", "request_id"} <= set(error), error
    if error["code"] != "policy_violation":
        assert set(error) <= {"code", "message", "status", "request_id", "param"}, error
    assert error["status"] == answer.status_code, error
    assert error["request_id"] == answer.headers["Request-Id"], error
    assert isinstance(error["message"], str) and error["message"], error
    assert re.fullmatch(r"[a-z_]+", error["code"]), error


def assert_error(answer, status, code=None, param=None, note=""):
    """The answer is this error; a list of codes or statuses means any of them."""
    statuses = status if isinstance(status, (list, tuple, set)) else [status]
    assert answer.status_code in statuses, f"{note}: expected {status}, got {answer.status_code}: {answer.text[:500]}"
    error = answer.json()["error"]
    if code is not None:
        codes = code if isinstance(code, (list, tuple, set)) else [code]
        assert error["code"] in codes, (note, error)
    if param is not None:
        named = error.get("param") or ""
        assert named == param or named.startswith((f"{param}[", f"{param}.")), (note, error)
    return error


_counter = iter(range(1, 1 << 62))
_counter_lock = threading.Lock()


def number():
    with _counter_lock:
        return next(_counter)


def email():
    """A new address each call; its domain is what the searches for leaks look for."""
    return f"person{number()}@{CANARY_DOMAIN}"


def nonce():
    return f"nonce_of_a_test_{number():010d}_{'n' * 8}"


def campaign(stem="camp"):
    return f"{stem}_{number()}"


def fresh_directory(base, stem="data"):
    """A path that does not exist yet, for `init` to make."""
    path = pathlib.Path(base) / f"{stem}{number()}"
    shutil.rmtree(path, ignore_errors=True)
    return path
