"""The command line: help, exit codes, JSON, and refusals that say what to do."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import threading
import warnings

import joserfc.jwk
import joserfc.jws
import pytest

import cli
import formats
import harness
from harness import assert_error, campaign, email, run_cli
from ports import free_port

OK, FAILED, USAGE, NOT_AUTHORISED, NOT_FOUND, CONFLICT, UNAVAILABLE, TOKEN_INVALID = 0, 1, 2, 3, 4, 5, 6, 10
COMMANDS = [
    (), ("init",), ("serve",), ("dev",), ("key",), ("key", "create"), ("key", "list"), ("key", "rotate"),
    ("key", "suspend"), ("key", "resume"), ("key", "revoke"), ("key", "scan"), ("key", "import"),
    ("member",), ("member", "create"), ("member", "list"), ("member", "show"), ("member", "set"),
    ("member", "reset-password"), ("member", "disable"), ("member", "enable"), ("member", "sign-out"),
    ("workspace",), ("workspace", "create"), ("workspace", "list"), ("workspace", "show"), ("workspace", "set"),
    ("invite",), ("invite", "create"), ("invite", "list"), ("invite", "revoke"),
    ("token",), ("token", "verify"), ("token", "inspect"), ("jose-check",),
]  # fmt: skip


def assert_sentence(done, *words):
    """A refusal in words on standard error: no trap, no dump, and it names the matter."""
    text = done.err.strip()
    assert text and len(text) < 4_000, text
    assert not re.search(r"Optional\(|Error Domain|\.swift:\d+", text), text
    for word in words:
        assert re.search(word, text, re.IGNORECASE), f"{word!r} is not in: {text}"


# -- help and usage -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_at_each_level(command):
    done = run_cli(*command, "--help")
    assert done.returncode == OK and "token-service" in done.out and not done.err.strip()
    assert len(done.out.splitlines()) >= 3
    below = {
        words[len(command)] for words in COMMANDS if words[: len(command)] == command and len(words) > len(command)
    }
    for word in below:
        assert word in done.out, f"help of {command} does not tell of {word}"


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"], ["key"], ["key", "frobnicate"], ["key", "create", "--frobnicate"], ["serve", "--frobnicate", "1"],
        ["init", "--frobnicate"], ["init", "--data-dir"], ["serve", "--listen"], ["invite", "revoke"], ["key", "revoke"],
        ["--frobnicate"], ["token", "frobnicate"], [],
    ],
    ids=" ".join,
)  # fmt: skip
def test_usage_faults(words):
    done = run_cli(*words)
    assert done.returncode == USAGE, (done.returncode, done.out, done.err)
    assert done.err.strip() or (not words and "usage" in done.out)


def test_keys_are_never_arguments():
    """No flag takes a key: the words below are usage faults, and what was given is not repeated."""
    for name in ("--api-key", "--key", "--secret", "--token"):
        for command in (["key", "list"], ["invite", "list"]):
            done = run_cli(*command, "--url", "http://127.0.0.1:1", name, "a_secret_word")
            assert done.returncode == USAGE, (name, done.returncode, done.err)
            assert "a_secret_word" not in done.out + done.err
    assert not re.search(r"--(api-)?key[ =](?!file)", cli.help_of("key", "list"))


# -- init ----------------------------------------------------------------------------------------


def test_init_says_json_and_nothing_else(fresh):
    assert set(fresh.made) == {"workspace_id", "environment", "api_key"}
    assert set(fresh.made["api_key"]) == {"id", "secret"}
    assert fresh.made["environment"] == "test"


def test_init_keeps_others_out(fresh):
    assert stat.S_IMODE(fresh.data_dir.stat().st_mode) == 0o700
    files = [path for path in fresh.data_dir.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE(fresh.master_key_file().stat().st_mode) == 0o600


def test_init_without_json_shows_the_key_once(tmp_path):
    root = harness.fresh_directory(tmp_path)
    done = run_cli("init", "--data-dir", root, "--issuer", harness.ISSUER)
    assert done.returncode == OK
    assert len(set(harness.KEY_SHAPE.findall(done.out + done.err))) == 1
    assert harness.KEY_SHAPE.search(done.out).group().startswith("ts_live_"), "live unless said"


def test_init_twice_is_refused(fresh):
    before = {path: path.read_bytes() for path in fresh.data_dir.rglob("*") if path.is_file()}
    done = run_cli("init", "--data-dir", fresh.data_dir, "--issuer", harness.ISSUER, "--environment", "test", "--json")
    assert done.returncode in (CONFLICT, FAILED)
    assert_sentence(done, "already|exists|set up")
    assert not done.out.strip()
    after = {path: path.read_bytes() for path in fresh.data_dir.rglob("*") if path.is_file()}
    master = fresh.master_key_file()
    assert set(before) <= set(after) and before[master] == after[master]
    with harness.Service(fresh) as running:
        running.api().mint()


@pytest.mark.parametrize(
    "words",
    [
        ["--issuer", "http://tokens.example.com"], ["--issuer", "not a url"], ["--issuer", ""], ["--issuer", "ftp://a.example"],
        ["--issuer", "https://a.example", "--environment", "staging"], [],
    ],
    ids=str,
)  # fmt: skip
def test_init_refuses_bad_settings(tmp_path, words):
    root = harness.fresh_directory(tmp_path)
    done = run_cli("init", "--data-dir", root, *words, "--json")
    assert done.returncode in (USAGE, FAILED), (done.returncode, done.err)
    assert_sentence(done)
    assert not done.out.strip() and not (root.exists() and list(root.iterdir())), "something was left behind"


def test_https_issuers_are_fine(tmp_path):
    made = harness.Deployment(harness.fresh_directory(tmp_path), issuer="https://tokens.example.com")
    with harness.Service(made) as running:
        claims = formats.claims_of(running.api().mint()["invite_token"])
        assert claims["iss"] == "https://tokens.example.com"


# -- serve refuses ---------------------------------------------------------------------------------


def serve(data_dir, *words, env=None):
    return run_cli(
        "serve", "--data-dir", data_dir, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", *words, env=env
    )


def test_a_data_directory_in_use(fresh):
    with harness.Service(fresh) as running:
        done = serve(fresh.data_dir)
        assert done.returncode in (FAILED, CONFLICT, UNAVAILABLE)
        assert_sentence(done, "in use|already|another|running|locked")
        for command in (["key", "list"], ["invite", "list"]):
            done = run_cli(*command, "--data-dir", fresh.data_dir)
            assert done.returncode in (FAILED, CONFLICT, UNAVAILABLE), (command, done.returncode)
            assert_sentence(done, "in use|already|another|running|locked")
        running.api().mint()


def test_a_directory_that_is_not_set_up(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o700)
    for path in (empty, tmp_path / "absent"):
        done = serve(path)
        assert done.returncode not in (OK, USAGE) or done.returncode == USAGE
        assert done.returncode != OK
        assert_sentence(done, "init")


def test_a_directory_half_set_up(fresh):
    master = fresh.master_key_file()
    saved = master.read_bytes()
    master.unlink()
    done = serve(fresh.data_dir)
    assert done.returncode != OK
    assert_sentence(done, "master")
    for data in (b"", b"short", os.urandom(4_096)):
        master.write_bytes(data)
        master.chmod(0o600)
        done = serve(fresh.data_dir)
        assert done.returncode != OK, len(data)
        assert_sentence(done, "master")
    master.write_bytes(saved)
    with harness.Service(fresh) as running:
        running.api().mint()


def test_a_wrong_master_key(fresh, tmp_path):
    other = harness.Deployment(harness.fresh_directory(tmp_path, "other"))
    done = serve(fresh.data_dir, "--master-key-file", other.master_key_file())
    assert done.returncode != OK
    assert_sentence(done, "master")
    with harness.Service(fresh, "--master-key-file", fresh.master_key_file()) as running:
        running.api().mint()


def test_a_master_key_that_others_may_read(fresh):
    fresh.master_key_file().chmod(0o644)
    done = serve(fresh.data_dir)
    assert done.returncode != OK
    assert_sentence(done, "0600|chmod|permission|mode|readable|open")


def test_an_address_that_is_taken(fresh):
    """Bound without SO_REUSEPORT by somebody else."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run_cli("serve", "--data-dir", fresh.data_dir, "--listen", address, "--admin-listen", "127.0.0.1:0")
        assert done.returncode not in (OK, USAGE)
        assert_sentence(done, "in use|bind|listen|address")


def test_bad_addresses(fresh):
    for address in ("nonsense", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", ":::", "256.0.0.1:0"):
        done = run_cli("serve", "--data-dir", fresh.data_dir, "--listen", address, "--admin-listen", "127.0.0.1:0")
        assert done.returncode in (USAGE, FAILED), (address, done.returncode)
        assert_sentence(done)


def test_a_password_in_the_store_address(fresh):
    done = serve(fresh.data_dir, "--store", "postgres://user:hidden-pass-word@127.0.0.1:1/db")
    assert done.returncode in (USAGE, FAILED)
    assert_sentence(done, "password|postgres|store")
    assert "hidden-pass-word" not in done.out + done.err


def test_a_broken_data_base(fresh):
    """A sentence, not a trap; and the broken file is left for the operator to look at."""
    path = next(path for path in fresh.data_dir.rglob("*") if path.is_file() and path.open("rb").read(6) == b"SQLite")
    broken = b"this is no data base " * 500
    path.write_bytes(broken)
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    done = serve(fresh.data_dir)
    assert done.returncode != OK
    assert_sentence(done)
    assert path.read_bytes() == broken


def test_settings_by_environment(fresh):
    env = {
        "TOKENSERVICE_DATA_DIR": str(fresh.data_dir),
        "TOKENSERVICE_LISTEN": "nonsense",
        "TOKENSERVICE_ADMIN_LISTEN": "127.0.0.1:0",
    }
    done = run_cli("serve", env=env)
    assert done.returncode in (USAGE, FAILED)
    assert_sentence(done, "listen")


# -- keys and invites by command -----------------------------------------------------------------------


def items_of(done):
    """Items of a `--json` list: an array, `{data: […]}` or one object a line."""
    text = done.out.strip()
    try:
        value = json.loads(text)
    except ValueError:
        value = [json.loads(line) for line in text.splitlines()]
    if isinstance(value, dict) and "data" in value:
        return value["data"]
    return value if isinstance(value, list) else [value]


def test_keys_by_command_against_the_service(service):
    words = ["--name", "by command", *cli.scope_arguments(["invites:read", "invites:write"])]
    made = cli.parsed(cli.remote(service, "key", "create", *words))
    secret, key_id = formats.find_member(made, "secret"), formats.find_member(made, "id")
    assert service.api(secret).get("/v1/invites").status_code == 200
    listed = cli.remote(service, "key", "list")
    assert listed.returncode == OK
    found = [item for item in items_of(listed) if item["id"] == key_id]
    assert found and found[0]["name"] == "by command" and secret not in listed.out
    assert cli.remote(service, "key", "revoke", key_id, json_output=False).returncode == OK
    assert_error(service.api(secret).get("/v1/invites"), 401, "unauthorized")


def test_keys_by_command_on_the_data_directory(fresh):
    made = cli.create_key(fresh, "offline", ["invites:write", "invites:read"])
    with harness.Service(fresh) as running:
        running.api(made["secret"]).mint()
        assert_error(running.api(made["secret"]).get("/v1/api-keys"), 403)
    listed = run_cli("key", "list", "--data-dir", fresh.data_dir, "--json")
    assert {made["id"], fresh.key_id} <= {item["id"] for item in items_of(listed)}
    assert made["secret"] not in listed.out and fresh.secret not in listed.out
    assert run_cli("key", "revoke", made["id"], "--data-dir", fresh.data_dir).returncode == OK
    with harness.Service(fresh) as running:
        assert_error(running.api(made["secret"]).get("/v1/invites"), 401)
        running.api().mint()


def test_tables_without_json_are_for_people(service):
    made = cli.remote(service, "key", "list", json_output=False)
    assert made.returncode == OK and service.deployment.key_id in made.out
    assert not made.out.lstrip().startswith(("{", "["))


def invite_words(camp, address):
    campaign_flag = cli.flag(("invite", "create"), "--campaign-id", "--campaign")
    email_flag = cli.flag(("invite", "create"), "--participant-email", "--email")
    return [campaign_flag, camp, email_flag, address]


def test_invites_by_command(service, api, widget):
    camp = campaign("cli")
    made = cli.parsed(cli.remote(service, "invite", "create", *invite_words(camp, email())))
    token, invite_id = formats.find_member(made, "invite_token"), formats.find_member(made, "id")
    assert api.code_of(token) == "valid"
    listed = cli.remote(service, "invite", "list")
    assert listed.returncode == OK and invite_id in listed.out and token not in listed.out
    assert cli.remote(service, "invite", "revoke", invite_id, json_output=False).returncode == OK
    assert_error(widget.redeem(token), 410, "invite_revoked")


def test_invites_by_command_on_the_data_directory(fresh):
    camp = campaign("cli")
    made = cli.parsed(run_cli("invite", "create", "--data-dir", fresh.data_dir, *invite_words(camp, email()), "--json"))
    other = cli.parsed(
        run_cli("invite", "create", "--data-dir", fresh.data_dir, *invite_words(camp, email()), "--json")
    )
    token, other_id = formats.find_member(made, "invite_token"), formats.find_member(other, "id")
    assert run_cli("invite", "revoke", other_id, "--data-dir", fresh.data_dir).returncode == OK
    with harness.Service(fresh) as running:
        running.widget().open(token)
        assert_error(running.widget().redeem(formats.find_member(other, "invite_token")), 410, "invite_revoked")


def test_exit_codes_of_refusals(service):
    unknown = formats.key_with_checksum("ts_test_", "e" * 37)
    assert cli.remote(service, "key", "list", key=unknown).returncode == NOT_AUTHORISED
    assert cli.remote(service, "invite", "list", key="").returncode in (NOT_AUTHORISED, USAGE)
    assert cli.remote(service, "invite", "revoke", formats.unknown_id("inv")).returncode == NOT_FOUND
    assert cli.remote(service, "key", "revoke", formats.unknown_id("key")).returncode == NOT_FOUND
    bad = cli.remote(service, "invite", "create", *invite_words("not a campaign", email()))
    assert bad.returncode in (FAILED, USAGE)
    assert_sentence(bad, "campaign")


def test_a_service_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    done = run_cli(
        "key", "list", "--url", f"http://127.0.0.1:{port}",
        env={"TOKENSERVICE_API_KEY": formats.key_with_checksum("ts_test_", "f" * 37)},
    )  # fmt: skip
    assert done.returncode in (UNAVAILABLE, FAILED)
    assert_sentence(done)


# -- tokens by command -----------------------------------------------------------------------------


def verify(service, token):
    """The token goes in by standard input; `-` where the command wants it said."""
    done = cli.remote(service, "token", "verify", stdin=token + "\n")
    if done.returncode == USAGE:
        done = cli.remote(service, "token", "verify", "-", stdin=token + "\n")
    return done


def inspect(token, *words):
    """Inspecting needs no service."""
    done = run_cli("token", "inspect", *words, stdin=token + "\n")
    return run_cli("token", "inspect", "-", *words, stdin=token + "\n") if done.returncode == USAGE else done


def test_token_verify(service, api, widget):
    invite = api.mint()
    good = verify(service, invite["invite_token"])
    assert good.returncode == OK and json.loads(good.out)["code"] == "valid"
    assert invite["invite_token"] not in good.out + good.err
    widget.open(invite["invite_token"])
    used = verify(service, invite["invite_token"])
    assert used.returncode == TOKEN_INVALID and "invite_used" in used.out + used.err
    for text in ("garbage", "a.b.c", ""):
        assert verify(service, text).returncode in (TOKEN_INVALID, USAGE), text


def test_token_inspect_decodes_and_says_that_it_does_not_verify(api):
    invite = api.mint()
    done = inspect(invite["invite_token"], "--json")
    assert done.returncode == OK, done.err
    shown = json.loads(done.out)
    assert formats.find_member(shown, "campaign_id") == invite["campaign_id"]
    assert formats.find_member(shown, "typ") == "invite+jwt"
    assert invite["invite_token"] not in done.out
    plain = inspect(invite["invite_token"])
    assert plain.returncode == OK
    assert re.search("not.verified|without verif|unverified", plain.out + plain.err, re.IGNORECASE)
    assert inspect("garbage").returncode in (TOKEN_INVALID, FAILED)


# -- jose-check ---------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def quiet_about_eddsa():
    """RFC 9864 gives EdDSA narrower names; the service speaks the old one on purpose."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="EdDSA is deprecated")
        yield


def jws_line(name, key, alg, kid="k1", header=None, spoil=lambda token: token, jwk=()):
    public = {**key.as_dict(private=False), "alg": alg, "kid": kid, "use": "sig", **dict(jwk)}
    public = {name: value for name, value in public.items() if value is not None}
    token = joserfc.jws.serialize_compact(header or {"alg": alg, "kid": kid}, b'{"a":1}', key, algorithms=[alg])
    return {"id": name, "kind": "jws", "jwks": {"keys": [public]}, "token": spoil(token)}


def low_s(token, want_low=True):
    head, body, tail = token.split(".")
    signature = formats.unb64u(tail)
    is_low = int.from_bytes(signature[32:], "big") <= formats.P256_ORDER // 2
    return token if is_low == want_low else f"{head}.{body}.{formats.b64u(formats.high_s(signature))}"


def flip(token):
    head, body, tail = token.split(".")
    signature = formats.unb64u(tail)
    return f"{head}.{body}.{formats.b64u(bytes([signature[0] ^ 1]) + signature[1:])}"


def jose_lines():
    ec, okp = joserfc.jwk.ECKey.generate_key("P-256"), joserfc.jwk.OKPKey.generate_key("Ed25519")
    two = jws_line("two keys, no kid", ec, "ES256", header={"alg": "ES256"}, spoil=low_s)
    two["jwks"]["keys"].append({**okp.as_dict(private=False), "alg": "EdDSA", "kid": "k2"})
    raw = jws_line("source", ec, "ES256", spoil=low_s)
    head, body, tail = raw["token"].split(".")
    raw_es = {
        "id": "raw ES256", "kind": "raw", "alg": "ES256", "jwk": raw["jwks"]["keys"][0],
        "msg": f"{head}.{body}".encode().hex(), "sig": formats.unb64u(tail).hex(),
    }  # fmt: skip
    source = jws_line("source", okp, "EdDSA")
    head, body, tail = source["token"].split(".")
    raw_ed = {
        "id": "raw EdDSA", "kind": "raw", "alg": "EdDSA", "jwk": source["jwks"]["keys"][0],
        "msg": f"{head}.{body}".encode().hex(), "sig": formats.unb64u(tail).hex(),
    }  # fmt: skip
    # RFC 8037, appendix A.4 and A.5, with the key's alg added.
    rfc8037 = {
        "id": "RFC 8037 A.5", "kind": "jws",
        "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]},
        "token": "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    }  # fmt: skip
    return [
        (rfc8037, True),
        (jws_line("good ES256", ec, "ES256", spoil=low_s), True),
        (jws_line("good EdDSA", okp, "EdDSA"), True),
        (jws_line("no kid, one key", ec, "ES256", header={"alg": "ES256"}, spoil=low_s), True),
        (jws_line("typ", ec, "ES256", header={"alg": "ES256", "kid": "k1", "typ": "any"}, spoil=low_s), True),
        (raw_es, True),
        (raw_ed, True),
        (two, False),
        (jws_line("high s", ec, "ES256", spoil=lambda token: low_s(token, want_low=False)), False),
        (jws_line("flipped ES256", ec, "ES256", spoil=flip), False),
        (jws_line("flipped EdDSA", okp, "EdDSA", spoil=flip), False),
        (jws_line("another kid", ec, "ES256", kid="k1", header={"alg": "ES256", "kid": "k2"}, spoil=low_s), False),
        (jws_line("key without alg", ec, "ES256", spoil=low_s, jwk={"alg": None}), False),
        (jws_line("key for encryption", ec, "ES256", spoil=low_s, jwk={"use": "enc"}), False),
        (jws_line("key_ops without verify", ec, "ES256", spoil=low_s, jwk={"use": None, "key_ops": ["sign"]}), False),
        (
            jws_line("cty in the header", ec, "ES256", header={"alg": "ES256", "kid": "k1", "cty": "x"}, spoil=low_s),
            False,
        ),
        (jws_line("padded", ec, "ES256", spoil=lambda token: low_s(token) + "="), False),
        ({**raw_es, "id": "raw with another message", "msg": "00"}, False),
        ({**raw_es, "id": "raw short", "sig": raw_es["sig"][:-2]}, False),
        ({**raw_ed, "id": "raw under another alg", "alg": "ES256"}, False),
    ]


def test_jose_check():
    lines = jose_lines()
    done = run_cli("jose-check", stdin="".join(json.dumps(line) + "\n" for line, _ in lines))
    assert done.returncode == OK, done.err
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert answers == [{"id": line["id"], "ok": expected} for line, expected in lines]


def test_jose_check_of_nothing_and_of_nonsense():
    assert run_cli("jose-check", stdin="").out == ""
    for text in (
        "nonsense\n",
        "{}\n",
        "[]\n",
        '{"id":1}\n',
        "\n",
        '{"id":"a","kind":"jws","jwks":{},"token":""}\n',
        "\0\n",
    ):
        done = run_cli("jose-check", stdin=text)
        assert '"ok":true' not in done.out.replace(" ", ""), text


def test_jose_check_takes_thousands_of_lines():
    line, _ = jose_lines()[0]
    done = run_cli("jose-check", stdin=(json.dumps(line) + "\n") * 3_000, timeout=60)
    assert done.out.count("\n") == 3_000 and '"ok":false' not in done.out.replace(" ", "")


# -- dev -----------------------------------------------------------------------------------------------


def shell_lines(text):
    """The lines of the banner that are for a shell, continuations kept."""
    chosen, going_on = [], False
    for line in text.splitlines():
        stripped = line.strip().lstrip("$ ").strip()
        if going_on or re.match(r"(curl|source|export|\.) |[A-Z_]+=", stripped):
            chosen.append(stripped)
            going_on = stripped.endswith("\\")
    return chosen


def test_dev_prints_a_curl_line_that_works(tmp_path):
    process = subprocess.Popen(
        [harness.executable(), "dev", "--port", str(free_port())], cwd=tmp_path, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=harness.clean_environment({"HOME": str(tmp_path)}),
    )  # fmt: skip
    said, news = [], threading.Semaphore(0)

    def read():
        for raw in process.stdout:
            said.append(raw.decode("utf-8", "replace"))
            news.release()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while not any("/v1/invites" in line for line in shell_lines("".join(said))):
            assert news.acquire(timeout=30), f"no curl line in the banner:\n{''.join(said)}"

        def minted():
            script = "\n".join(shell_lines("".join(said)))
            done = subprocess.run(
                ["bash", "-s"], input=script, capture_output=True, text=True, cwd=tmp_path, timeout=30,
                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            )  # fmt: skip
            return "invite_token" in done.stdout + done.stderr and "unauthorized" not in done.stdout

        harness.wait_until("the banner's curl line mints", minted, seconds=15)
        assert re.search(r"http://(localhost|127\.0\.0\.1):\d+", "".join(said))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=harness.STOP_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        reader.join(timeout=5)
        process.stdout.close()
