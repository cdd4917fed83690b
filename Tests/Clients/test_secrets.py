"""Canaries: after a run with known secrets, no byte of them is in files, logs, metrics, lists or error bodies."""

import base64
import hashlib
import os
import pathlib
import re
import signal
import stat

import pytest

import formats
import harness
from harness import email, nonce

METADATA_CANARY = "metadata-canary-7f3a9c51d2"
PEM = b"PRIVATE KEY"
EC_PRIVATE_DER = bytes.fromhex("0201010420")  # ECPrivateKey of a 256-bit curve: version 1, 32 octets
ED_PRIVATE_DER = bytes.fromhex("300506032b657004220420")  # PrivateKeyInfo of Ed25519
SALTLESS = (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.sha512, hashlib.blake2b)


def spellings(secret):
    """The bytes a leak of this secret would leave: raw, in hex, in base64 at each alignment, reversed case."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), raw.decode("latin-1").encode("utf-16-le")}
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw)
        middle = coded[4 * ((shift + 2) // 3) : len(coded) // 4 * 4 - 4]
        if len(middle) >= 12:
            found |= {middle, middle.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def digests(secret):
    """Unkeyed digests: a thief of the files could try addresses and keys against them."""
    raw = secret.encode()
    for digest in SALTLESS:
        value = digest(raw)
        yield value.digest()
        yield value.hexdigest().encode()


class Canaries:
    def __init__(self):
        self.secrets = {}
        self.guessable = {}

    def add(self, name, secret, guessable=False):
        self.secrets[f"{name} {len(self.secrets)}"] = secret
        if guessable:
            self.guessable[f"{name} {len(self.guessable)}"] = secret

    def needles(self):
        made = [(name, needle) for name, secret in self.secrets.items() for needle in spellings(secret)]
        made += [
            (f"unkeyed digest of {name}", needle)
            for name, secret in self.guessable.items()
            for needle in digests(secret)
        ]
        return made

    def assert_absent(self, where, data, but=()):
        for name, needle in self.needles():
            if not any(name.startswith(prefix) for prefix in but):
                assert needle not in data, f"{name} is in {where}"


def key_canaries(canaries, secret):
    canaries.add("key", secret, guessable=True)
    canaries.add("key body", secret[8:-6])


def token_canaries(canaries, token):
    canaries.add("token", token)
    canaries.add("signature", token.rsplit(".", 1)[1])


def master_key_spellings(path):
    data = path.read_bytes()
    made = {data, data.strip()}
    text = data.strip().decode("ascii", "ignore")
    if re.fullmatch(r"[0-9a-fA-F]{64,}", text):
        made.add(bytes.fromhex(text))
    if re.fullmatch(r"[A-Za-z0-9+/_=-]{43,}", text):
        made.add(
            base64.urlsafe_b64decode(
                text.replace("+", "-").replace("/", "_").rstrip("=") + "=="[: -len(text.rstrip("=")) % 4]
            )
        )
    return {spelling for spelling in made if len(spelling) >= 16}


def use(running, canaries):
    """One of everything, successes and failures; the answers' texts that must hold no secret."""
    api, widget = running.api(), running.widget()
    key_canaries(canaries, api.key)
    made = api.make_key(["invites:write", "invites:read", "tokens:write"], name="a name")
    key_canaries(canaries, made["secret"])
    theirs, harmless, errors = running.api(made["secret"]), [], []
    for _ in range(5):
        address, holder = email(), nonce()
        invite = theirs.mint("camp_secrets", address, metadata={"note": METADATA_CANARY})
        token_canaries(canaries, invite["invite_token"])
        canaries.add("address", address, guessable=True)
        canaries.add("nonce", holder, guessable=True)
        session = widget.open(invite["invite_token"], holder)
        again = widget.redeem(invite["invite_token"], holder).json()
        renewed = widget.renew(session["participant_token"]).json()
        for token in (session["participant_token"], again["participant_token"], renewed["participant_token"]):
            token_canaries(canaries, token)
            widget.validate(token)
            api.verify(token)
            api.introspect(token)
        errors += [
            widget.redeem(invite["invite_token"]),
            widget.redeem(invite["invite_token"] + "x", holder),
            widget.call("GET", f"/v1/widget/session?token={session['participant_token']}"),
            widget.call("GET", f"/v1/{session['participant_token']}"),
            api.get(f"/v1/invites/{made['secret']}"),
            api.get(f"/v1/invites?api_key={made['secret']}"),
            api.post("/v1/invites", {"campaign_id": "c", "participant_email": f"{address} {address}"}),
            api.post("/v1/invites", {"campaign_id": made["secret"] + "/", "participant_email": address}),
            api.post("/v1/invites", {"campaign_id": "c", "participant_email": address, "note": invite["invite_token"]}),
            api.post("/v1/tokens/verify", {"token": [session["participant_token"]]}),
            running.api(made["secret"][:-1] + "!").get("/v1/invites"),
            theirs.get("/v1/invites", headers={"Origin": "https://a.example"}),
            api.call("POST", "/v1/invites", data=made["secret"].encode(), headers={"Content-Type": "application/json"}),
            api.call("POST", "/v1/invites", data=address.encode(), headers={"Content-Type": address}),
        ]
        api.delete(f"/v1/invites/{invite['id']}")
        api.post("/v1/revocations", {"participant_email": address})
        api.get("/v1/invites", params={"participant_email": address})
    idempotent = {"Idempotency-Key": "canary"}
    body = {"campaign_id": "camp_secrets", "participant_email": email()}
    canaries.add("address", body["participant_email"], guessable=True)
    for _ in range(2):
        token_canaries(canaries, api.post("/v1/invites", body, headers=idempotent).json()["invite_token"])
        answer = api.post("/v1/api-keys", {"name": "once", "scopes": ["invites:read"]}, headers=idempotent)
        if answer.json().get("secret"):
            key_canaries(canaries, answer.json()["secret"])
    canaries.add("metadata", METADATA_CANARY, guessable=True)
    harmless += [
        ("the list of keys", api.get("/v1/api-keys", params={"limit": 100}).content),
        ("audit events", api.get("/v1/audit-events", params={"limit": 100}).content),
        ("metrics", api.call("GET", "/metrics", base=running.admin_url).content),
        ("the key set", api.call("GET", "/.well-known/jwks.json").content),
    ]
    return harmless, errors


def assert_files_clean(deployment, canaries, but=()):
    master = deployment.master_key_file()
    master_spellings = {needle for spelling in master_key_spellings(master) for needle in spellings(spelling)}
    files = [path for path in deployment.data_dir.rglob("*") if path.is_file()]
    assert len(files) >= 2
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, f"{path.name} is open to others"
        if path == master:
            continue
        data = path.read_bytes()
        canaries.assert_absent(path.name, data, but)
        assert harness.CANARY_DOMAIN.encode() not in data, path.name
        for name, needle in (("PEM", PEM), ("EC key", EC_PRIVATE_DER), ("Ed25519 key", ED_PRIVATE_DER)):
            assert needle not in data, f"a signing key in the clear ({name}) in {path.name}"
        for needle in master_spellings:
            assert needle not in data, f"the master key is in {path.name}"
    return master_spellings


def test_no_secret_is_anywhere(fresh):
    canaries = Canaries()
    running = harness.Service(fresh).start()
    try:
        harmless, errors = use(running, canaries)
        assert_files_clean(fresh, canaries)  # while it runs: the write-ahead log is there
        for answer in errors:
            assert 400 <= answer.status_code < 500, answer.text
            canaries.assert_absent(f"an error body: {answer.text}", answer.content)
        for name, data in harmless:
            canaries.assert_absent(name, data)
        assert harness.CANARY_DOMAIN.encode() not in b"".join(data for _, data in harmless)
        running.kill()
        assert_files_clean(fresh, canaries)  # after a kill: nothing was tidied up
        running.restart()
        running.stop()
        master_spellings = assert_files_clean(fresh, canaries)
        log = running.output().encode()
        assert log, "it says at least its addresses"
        canaries.assert_absent("the log", log)
        assert harness.CANARY_DOMAIN.encode() not in log
        assert not [needle for needle in master_spellings if needle in log], "the master key is in the log"
    finally:
        running.kill()


IMPORTED = "sk_abcdefgh0123456789"
IMPORTED_HASH = "$2b$04$abcdefghijklmnopqrstuu67mSs1gBxW2hcIZ97sttFR/YbgxnPYi"


def use_the_rest(running, canaries):
    """Imported and rotated keys, batches, replays, exports and usage; the answers' texts that must hold no secret."""
    api, widget = running.api(), running.widget()
    key_canaries(canaries, api.key)
    canaries.add("imported key", IMPORTED, guessable=True)
    canaries.add("bcrypt hash", IMPORTED_HASH)
    assert running.api(IMPORTED).get("/v1/invites").status_code == 200
    assert running.api(IMPORTED, header="x-api-key").get("/v1/invites").status_code == 200
    made = api.make_key(["invites:read"], name="to be rotated")
    key_canaries(canaries, made["secret"])
    once = {"Idempotency-Key": "rotate once"}
    rotated = [api.post(f"/v1/api-keys/{made['id']}/rotate", {}, headers=once) for _ in range(2)]
    assert [answer.status_code for answer in rotated] == [201, 201]
    key_canaries(canaries, rotated[0].json()["secret"])
    harmless = [("a replayed rotation", rotated[1].content)]
    harmless.append(("a check of a key", api.post("/v1/api-keys/verify", {"key": made["secret"]}).content))
    assert api.post("/v1/api-keys/self-revoke", {"key": rotated[0].json()["secret"]}).status_code == 204

    addresses = [email() for _ in range(20)]
    for address in addresses:
        canaries.add("address", address, guessable=True)
    batch = {"invites": [{"campaign_id": "camp_batch", "participant_email": address} for address in addresses]}
    batch["invites"].append({"campaign_id": "camp_batch", "participant_email": addresses[0] + " "})
    for _ in range(2):
        answer = api.post("/v1/invites/batch", batch, headers={"Idempotency-Key": "batch once"})
        assert answer.status_code == 200, answer.text
        minted = [result["invite"] for result in answer.json()["results"] if "invite" in result]
        assert len(minted) == 20
        for invite in minted:
            token_canaries(canaries, invite["invite_token"])
    body = {"campaign_id": "camp_batch", "participant_email": addresses[0]}
    for _ in range(2):
        answer = api.post("/v1/participant-tokens", body, headers={"Idempotency-Key": "token once"})
        token_canaries(canaries, answer.json()["participant_token"])
    from_page = running.widget("https://jobs.example.com")
    session = from_page.open(minted[0]["invite_token"])
    token_canaries(canaries, session["participant_token"])
    assert from_page.end(session["participant_token"]).status_code == 204
    errors = [
        widget.redeem(minted[0]["invite_token"]),
        from_page.renew(session["participant_token"], nonce()),
        running.api(rotated[0].json()["secret"]).get("/v1/invites"),
        running.api(IMPORTED + "x").get("/v1/invites"),
        api.post("/v1/api-keys/verify", {"key": made["secret"], "more": IMPORTED}),
        api.post("/v1/invites/batch", {"invites": addresses[1]}),
        api.post("/v1/invites", body, headers={"Idempotency-Key": IMPORTED, "Content-Type": IMPORTED}),
        api.get("/v1/audit-events", params={"since": IMPORTED}),
        api.get("/v1/usage", params={"from": addresses[2]}),
    ]
    export = {"Accept": "application/x-ndjson"}
    harmless += [
        ("the export of events", api.get("/v1/audit-events", params={"limit": 100}, headers=export).content),
        ("usage", api.get("/v1/usage").content),
        ("a key's usage", api.get(f"/v1/api-keys/{made['id']}/usage").content),
        ("the list of keys", api.get("/v1/api-keys", params={"limit": 100}).content),
        ("metrics", api.call("GET", "/metrics", base=running.admin_url).content),
        ("what is said of health", api.call("GET", "/readyz", base=running.admin_url).content),
    ]
    return harmless, errors


def test_imports_replays_batches_and_exports_leak_nothing(fresh):
    line = {"name": "old", "prefix": "sk_", "index": "abcdefgh", "hash": IMPORTED_HASH, "scopes": ["invites.read"]}
    done = harness.run_cli("key", "import", "-", "--data-dir", fresh.data_dir, stdin=harness.dumps(line) + b"\n")
    assert done.returncode == 0, done.err
    canaries = Canaries()
    running = harness.Service(fresh).start()
    try:
        harmless, errors = use_the_rest(running, canaries)
        for answer in errors:
            assert 400 <= answer.status_code < 500, answer.text
            canaries.assert_absent(f"an error body: {answer.text}", answer.content)
        for name, data in harmless:
            canaries.assert_absent(name, data)
            assert harness.CANARY_DOMAIN.encode() not in data, name
        # The stored hash is what was imported until its key's first use; it was used.
        assert_files_clean(fresh, canaries, but=("bcrypt hash",))
        running.kill()
        running.restart()
        running.stop()
        assert_files_clean(fresh, canaries, but=("bcrypt hash",))
        canaries.assert_absent("the log", running.output().encode())
    finally:
        running.kill()


def test_the_process_shows_nothing_and_leaves_no_core(fresh):
    """What the kernel shows of the process: words, environment, limits; and a crash writes no image of its memory."""
    with harness.Service(fresh) as running:
        running.api().mint()
        proc = pathlib.Path(f"/proc/{running.process.pid}")
        limits = (proc / "limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), limits
        master = {needle for spelling in master_key_spellings(fresh.master_key_file()) for needle in spellings(spelling)}
        for name in ("cmdline", "environ"):
            data = (proc / name).read_bytes()
            assert not [needle for needle in {*master, *spellings(fresh.secret)} if needle in data], name
        folder = pathlib.Path(os.readlink(proc / "cwd"))
        before = set(folder.iterdir())
        running.process.send_signal(signal.SIGABRT)
        assert running.process.wait(timeout=harness.STOP_SECONDS) == -signal.SIGABRT
        running._join()
        made = {path.name for path in set(folder.iterdir()) - before}
        assert not [name for name in made if name.startswith("core")], made
        # A report of the runtime would show what registers point at.
        assert "Registers" not in running.output() and "Backtrac" not in running.output(), running.output()


def test_metrics_do_not_grow_with_users(fresh):
    """Labels hold no id, campaign, subject or address: the number of series is the same after 200 invites more."""
    with harness.Service(fresh) as running:
        api, widget = running.api(), running.widget()

        def series():
            text = api.call("GET", "/metrics", base=running.admin_url).text
            return {line.rsplit(" ", 1)[0] for line in text.splitlines() if line and not line.startswith("#")}

        def round_trip(camp):
            token = widget.open(api.mint(camp)["invite_token"])["participant_token"]
            widget.validate(token)
            api.pages("/v1/invites", campaign_id=camp)
            series()

        for at in range(20):
            round_trip(f"camp_first_{at}")
        before = series()
        for at in range(200):
            round_trip(f"camp_more_{at}")
        after = series()
        assert len(after) <= len(before) + 5, sorted(after - before)
        assert not [line for line in after if re.search(r"(inv|ses|key|sub|ws)_[0-9A-Za-z]{20}|camp_", line)]


def test_deletion_of_a_key_leaves_no_way_back(fresh):
    with harness.Service(fresh) as running:
        made = running.api().make_key(["invites:read"])
        running.api().delete(f"/v1/api-keys/{made['id']}")
        for path in (f"/v1/api-keys/{made['id']}", "/v1/api-keys"):
            assert made["secret"] not in running.api().get(path).text


# -- the searcher itself ------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", range(3))
def test_the_search_finds_what_is_there(shift):
    canaries = Canaries()
    canaries.add("word", "a-canary-of-some-length")
    canaries.add("address", "bird@cage.example", guessable=True)
    canaries.assert_absent("clean", b"nothing here")
    for data in (
        b"xx" + b"a-canary-of-some-length",
        b"a-canary-of-some-length".hex().encode(),
        base64.b64encode(b"y" * shift + b"a-canary-of-some-length" + b"z" * 7),
        base64.urlsafe_b64encode(b"y" * (3 + shift) + b"a-canary-of-some-length"),
        hashlib.sha256(b"bird@cage.example").digest(),
        hashlib.sha1(b"bird@cage.example").hexdigest().encode(),
    ):
        with pytest.raises(AssertionError):
            canaries.assert_absent("dirty", data)


def test_master_key_spellings(tmp_path):
    path, raw = tmp_path / "master", bytes(range(32))
    for data in (raw, raw.hex().encode() + b"\n", base64.b64encode(raw), formats.b64u(raw).encode() + b"\n"):
        path.write_bytes(data)
        assert raw in master_key_spellings(path)
