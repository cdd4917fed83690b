"""What the pages tell a reader to type is typed here, word for word, and does what they say.

Rows of the list of features stand with their number in a test's name.
"""

import json
import os
import re
import subprocess
import sys

import pytest

import formats
import harness
import proxies
from documents import Shell, blocks, documents, json_values
from test_tls import make_certificate

# Blocks by page and place that no test runs, and why.
NOT_RUN = {
    ("README.md", 0): "builds, then serves until it is stopped; what it starts is what `dev` fixture starts here",
    ("README.md", 1): "runs these very tests",
    ("CONTRIBUTING.md", 0): "the same, and measures",
    ("CONTRIBUTING.md", 1): "test_schemathesis.py does both, with the pinned versions",
    ("docs/operations.md", 1): "test_replicas.py starts replicas so, on a cluster of its own and by another address",
    ("docs/members.md", 0): "asks for a password at a terminal: test_console.py has one",
    ("docs/members.md", 1): "the seed's own line with its gaps: test_console.py fills them and runs it",
}  # fmt: skip
RUN = {
    ("README.md", place) for place in range(2, 9)
} | {
    ("docs/keys.md", place) for place in range(5)
} | {
    ("docs/policies.md", 0), ("docs/policies.md", 1), ("docs/verifying.md", 0),
    ("docs/operations.md", 0), ("docs/operations.md", 2), ("docs/operations.md", 3),
    ("docs/webhooks.md", 0),
}  # fmt: skip


def test_s76_every_block_of_commands_is_run_or_says_why_not():
    there = {(name, place) for name in documents() for place, _ in enumerate(blocks(name, "sh"))}
    assert there == RUN | set(NOT_RUN)


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    """`token-service dev` in an empty folder, as ./scripts/dev starts it."""
    folder = tmp_path_factory.mktemp("dev")
    port = proxies.free_port()
    process = subprocess.Popen(
        [harness.executable(), "dev", "--port", str(port)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=harness.clean_environment(), cwd=folder,
    )  # fmt: skip
    banner = []
    for line in process.stdout:
        banner.append(line)
        if line.startswith("Ctrl-C"):
            break
    assert banner and banner[-1].startswith("Ctrl-C"), banner
    yield folder, "".join(banner), port
    process.terminate()
    assert process.wait(timeout=15) == 0
    process.stdout.close()


def same_shape(shown, real):
    assert set(shown) == set(real), (shown, real)


def test_s76_the_readme_from_minting_to_revoking(dev):
    folder, _, port = dev
    shell, sh = Shell(folder), blocks("README.md", "sh")
    shown = [json_values(text)[0] for text in blocks("README.md", "json")]

    shell.run(sh[2])
    assert shell["TOKENSERVICE_URL"].endswith(f":{port}") and shell["TOKENSERVICE_API_KEY"].startswith("ts_test_")
    (minted,) = json_values(shell.run(sh[3]))
    same_shape(shown[0], minted)
    shell.run(sh[4], replace={"inv_…": minted["id"], "eyJ…": minted["invite_token"]})
    (session,) = json_values(shell.run(sh[5]))
    same_shape(shown[1], session)
    (again,) = json_values(shell.run(sh[5]))
    same_shape(shown[2]["error"], again["error"])
    for name in ("code", "message", "status"):
        assert shown[2]["error"][name] == again["error"][name]
    (seen,) = json_values(shell.run(sh[6], replace={"eyJ…": session["participant_token"]}))
    same_shape(shown[3], seen)
    assert seen["valid"] is True

    run_python_of_the_readme(shell, session["participant_token"], seen["workspace_id"])

    (over,) = json_values(shell.run(sh[7]))
    for name in ("code", "message", "status"):
        assert shown[4]["error"][name] == over["error"][name]


def run_python_of_the_readme(shell, token, workspace_id):
    (text,) = blocks("README.md", "python")
    for old, new in {"http://127.0.0.1:8080": shell["TOKENSERVICE_URL"], "ws_01m7y16d0ye8ktp2nmh1pyy5cp": workspace_id}.items():
        assert old in text
        text = text.replace(old, new)
    text += "\nimport json, sys\nprint(json.dumps(participant(sys.stdin.readline().strip())))\n"
    done = subprocess.run(
        [sys.executable, "-c", text], input=token + "\n", capture_output=True, text=True, timeout=30, env=shell.variables
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["aud"] == f"{workspace_id}/participant"


def test_s76_the_readmes_commands_for_production(tmp_path):
    """Set up and served as told, but for the build, the paths and the port."""
    text = blocks("README.md", "sh")[8]
    build, _, rest = text.partition("install -d")
    assert build.startswith("swift build -c release --product token-service")
    set_up, _, serve = rest.partition("token-service serve")
    cert, key = make_certificate(tmp_path, "chain")
    port, shell = proxies.free_port(), Shell(tmp_path)
    paths = {"/etc/token-service": str(tmp_path / "etc"), "/var/lib/token-service": str(tmp_path / "var")}
    out = shell.run("install -d" + set_up, replace=paths)
    (secret,) = harness.KEY_SHAPE.findall(out)
    assert (tmp_path / "etc" / "master.key").stat().st_mode & 0o777 == 0o600

    changes = {
        **paths, "0.0.0.0:8443": f"127.0.0.1:{port}", "127.0.0.1:8081": "127.0.0.1:0", "chain.pem": str(cert),
        "key.pem": str(key),
    }  # fmt: skip
    for old, new in changes.items():
        assert old in serve
        serve = serve.replace(old, new)
    process = subprocess.Popen(
        ["bash", "-c", "exec token-service serve" + serve], env=shell.variables, cwd=tmp_path,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout.readline()
        told = {"TOKENSERVICE_API_KEY": secret, "SSL_CERT_FILE": str(cert)}
        listed = harness.run_cli("key", "list", "--url", f"https://localhost:{port}", "--json", env=told)
        assert listed.returncode == 0 and '"environment":"live"' in listed.out, listed.err
    finally:
        process.terminate()
    assert process.wait(timeout=15) == 0
    process.stdout.close()


def test_s76_the_banner_of_dev_can_be_copied(dev):
    folder, banner, _ = dev
    commands = [line.strip() for line in banner.split("in another terminal:")[1].splitlines() if line.startswith("  ")]
    text = "\n".join(commands)
    mint, redeem, validate = text.split("curl -s ")[1:]
    shell = Shell(folder)
    shell.run(text.split("curl -s ")[0])
    (minted,) = json_values(shell.run("curl -s " + mint))
    (session,) = json_values(shell.run("curl -s " + redeem, replace={"…": minted["invite_token"]}))
    (seen,) = json_values(shell.run("curl -s " + validate, replace={"…": session["participant_token"]}))
    assert seen["valid"] is True


@pytest.fixture()
def keys_shell(own_service, tmp_path):
    """A shell with an admin key, as docs/keys.md expects it, in a git repository of its own."""
    folder = tmp_path / "repository"
    folder.mkdir()
    shell = Shell(
        folder, TOKENSERVICE_URL=own_service.url, TOKENSERVICE_API_KEY=own_service.deployment.secret,
        GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null",
    )  # fmt: skip
    shell.run("git init -q . && echo 'print()' > app.py && git add app.py")
    return shell


def keys_block(words):
    (found,) = [text for text in blocks("docs/keys.md", "sh") if words in text]
    return found


def test_s27_a_key_goes_into_a_private_file_outside_version_control(own_service, keys_shell):
    text = keys_block("--name ats-sync-prod")
    out = keys_shell.run(text)
    made = keys_shell.folder / ".env"
    name, _, secret = made.read_text().strip().partition("=")
    assert name == "TOKENSERVICE_API_KEY" and secret not in out
    assert own_service.api(secret).post(
        "/v1/invites", {"campaign_id": "camp_x", "participant_email": harness.email()}
    ).status_code == 201  # fmt: skip
    assert made.stat().st_mode & 0o077 == 0
    assert not (keys_shell.folder / "ats-sync.json").exists()
    # Git takes no notice of it, unlike of a key that is committed, which the scan of the same block finds.
    keys_shell.run("git add . && git check-ignore -q .env")
    assert ".env\n" not in keys_shell.run("git ls-files")
    keys_shell.run("cp .env settings.py && git add settings.py")
    scan = text[text.index("git ls-files") :]
    found = keys_shell.run(scan, status=123)  # what xargs says of a 1
    assert "settings.py" in found and secret not in found


def test_s28_separate_keys_for_each_integration(own_service, keys_shell):
    keys_shell.run(keys_block("--name analytics"))
    keys = {key["name"]: key for key in own_service.api().pages("/v1/api-keys")}
    assert set(keys) >= {"embed-widget", "backend-verify", "analytics"}
    assert set(keys["analytics"]["scopes"]) == {"usage:read", "invites:read"}
    assert keys["backend-verify"]["scopes"] == ["tokens:read"]
    # One is ended without the others.
    assert own_service.api().delete(f"/v1/api-keys/{keys['embed-widget']['id']}").status_code == 204
    listed = {key["name"]: key["status"] for key in own_service.api().pages("/v1/api-keys")}
    assert (listed["embed-widget"], listed["analytics"], listed["backend-verify"]) == ("revoked", "active", "active")


def test_s28_what_a_key_for_reports_and_one_for_checking_can_not_do(own_service):
    """The scopes that the page names are enough for their purpose and for no other."""
    api = own_service.api()
    invite = api.mint()
    token = own_service.widget().open(invite["invite_token"])["participant_token"]
    body = {"campaign_id": "camp_x", "participant_email": harness.email()}
    reports = own_service.api(api.make_key(["usage:read", "invites:read"])["secret"])
    assert reports.get("/v1/usage").status_code == 200 and reports.get("/v1/invites").status_code == 200
    assert reports.post("/v1/invites", body).status_code == 403
    assert reports.delete(f"/v1/invites/{invite['id']}").status_code == 403
    checking = own_service.api(api.make_key(["tokens:read"])["secret"])
    assert checking.verify(token)["valid"] is True
    assert checking.post("/v1/invites", body).status_code == 403
    assert checking.get("/v1/usage").status_code == 403


def test_s39_keys_that_are_due_are_listed_and_rotated_with_an_overlap(own_service, keys_shell):
    api = own_service.api()
    old = api.make_key(["invites:write", "invites:read"], name="ats-sync-prod")
    due = keys_block("timedelta(days=90)")
    assert keys_shell.run(due) == "", "a new key is not due"
    listed = keys_shell.run(due, replace={"timedelta(days=90)": "timedelta(days=0)"})
    assert f"{old['id']} ats-sync-prod" in listed

    keys_shell.variables["KEY_ID"] = old["id"]
    (successor,) = json_values(keys_shell.run(keys_block("/rotate")))
    assert successor["scopes"] == old["scopes"] and successor["id"] != old["id"]
    for secret in (old["secret"], successor["secret"]):
        assert own_service.api(secret).get("/v1/invites").status_code == 200
    ends = api.get(f"/v1/api-keys/{old['id']}").json()["expires_at"]
    rotated = api.get(f"/v1/api-keys/{successor['id']}").json()["created_at"]
    assert abs(formats.instant(ends) - formats.instant(rotated) - 7 * 86_400) < 60


def test_s39_a_leaked_key_is_ended_looked_into_and_taken_with_its_family(own_service, keys_shell):
    api = own_service.api()
    leaked = api.make_key(["invites:write"])
    token = own_service.widget().open(own_service.api(leaked["secret"]).mint()["invite_token"])["participant_token"]
    keys_shell.variables.update(LEAKED_KEY=leaked["secret"], KEY_ID=leaked["id"])
    out = keys_shell.run(keys_block("self-revoke"))
    events, usage = json_values(out)[:2]
    assert any(event["type"] == "invite.created" for event in events["data"])
    assert usage
    assert own_service.api(leaked["secret"]).get("/v1/invites").status_code == 401
    assert own_service.widget().validate(token).status_code == 410, "what it minted ended with its family"


def test_s76_the_worked_example_of_policies(own_service, tmp_path):
    shell, (text, commands) = Shell(tmp_path), blocks("docs/policies.md", "sh")
    api = own_service.api()
    where = {"ts_test_…            # an admin key": own_service.deployment.secret, "http://127.0.0.1:8080": own_service.url}
    # Its fourth step binds from a date on; here at once, so that the sixth is refused now.
    bound = {',"enforce_from":"2026-12-01T00:00:00Z"': ""}
    answers = json_values(shell.run(text, replace={**where, **bound}))
    explained, simulated, shadowed, _, enforced, campaign, refused, versions, reverted = answers
    assert "invite" in json.dumps(explained) and "refused" in json.dumps(simulated) and "max_uses_max" in json.dumps(campaign)
    assert shadowed["version"] == 1 and enforced["version"] == 2
    assert refused["error"]["code"] == "policy_violation" and refused["error"]["param"] == "expires_in"
    shown = text[text.index("# 422 ") + 6 : text.index("# 7.")].replace("\n#      ", " ")
    for name in ("code", "message", "status", "param"):
        assert json.loads(shown)["error"][name] == refused["error"][name]
    assert [each["version"] for each in versions["data"]] == [2, 1] and reverted["version"] == 3

    (tmp_path / "proposed.json").write_text('{"invite":{"default_seconds":1800,"max_seconds":3600}}')
    shell.variables.update(TOKENSERVICE_API_KEY=own_service.deployment.secret, BASE=own_service.url)
    remote, _, local = commands.rpartition("token-service policy set --layer deployment")
    assert "revert" in remote and local.strip().endswith("--data-dir DIR")
    shell.run(remote)
    assert api.get("/v1/policies").json()["version"] >= 5
    own_service.stop()
    shell.run("token-service policy set --layer deployment" + local, replace={"DIR": str(own_service.deployment.data_dir)})


def test_s76_the_operators_commands(fresh, tmp_path):
    """A platform key with a workspace, and a copy of the data base while the service runs, which serves."""
    shell, (workspace, _, signing, backup) = Shell(tmp_path), blocks("docs/operations.md", "sh")
    shell.run(workspace, replace={"--data-dir D": f"--data-dir {fresh.data_dir}"})
    shown = harness.run_cli("workspace", "show", "acme", "--data-dir", fresh.data_dir, "--json")
    assert json.loads(shown.out)["settings"]["key_prefixes"]["live"] == "ir_live_"

    out = shell.run(signing, replace={"/var/lib/token-service": str(fresh.data_dir)})
    assert "in_use" in out and "standby" in out

    copy = tmp_path / "copy"
    copy.mkdir(mode=0o700)
    with harness.Service(fresh) as running:
        minted = running.api().mint()
        shell.run(backup, replace={"/var/lib/token-service": str(fresh.data_dir), "/backup": str(copy)})
    fresh.data_dir.joinpath("master.key").rename(copy / "master.key")
    fresh.data_dir = copy
    with harness.Service(fresh) as restored:
        assert restored.api().get(f"/v1/invites/{minted['id']}").status_code == 200


def test_s76_the_commands_of_the_page_on_verifying(service, tmp_path):
    (text,) = blocks("docs/verifying.md", "sh")
    key = service.api().make_key(["tokens:read"])["secret"]
    session = service.widget().open(service.api().mint("camp_456abc")["invite_token"])
    tools = tmp_path / "docs"
    tools.symlink_to(harness.TOP / "docs")
    shell = Shell(tmp_path, TOKEN=session["participant_token"])
    shell.variables["PATH"] = f"{os.path.dirname(sys.executable)}:{shell['PATH']}"  # python3 with PyJWT
    out = shell.run(
        text,
        replace={
            "TOKENSERVICE_URL=http://127.0.0.1:8080": f"TOKENSERVICE_URL={service.url}",
            "ISSUER=http://127.0.0.1:8080": f"ISSUER={service.deployment.issuer}",
            "ts_test_…": key, "ws_…": service.deployment.workspace_id,
        },
    )  # fmt: skip
    answers = json_values(out)
    assert len(answers) == 7 and all(answer["campaign_id"] == "camp_456abc" for answer in answers)


def test_s76_links_between_pages_lead_somewhere():
    for name in documents():
        page = harness.TOP / name
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{name} links to {target}"
