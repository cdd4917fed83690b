"""Workspaces and platform keys: by the operator's command line, and over the wire."""

import json

import pytest

import formats
import harness
from harness import assert_error, email, run_cli

OK, FAILED, USAGE, NOT_AUTHORISED, NOT_FOUND, CONFLICT = 0, 1, 2, 3, 4, 5
SCOPES = ["workspaces:read", "workspaces:write", "keys:read", "keys:write", "invites:read", "invites:write"]


def made(done):
    assert done.returncode == OK, (done.returncode, done.err)
    return json.loads(done.out)


def platform_key(deployment, *more, scopes=SCOPES):
    """A platform key, as the operator makes it while the service is not running."""
    words = [word for scope in scopes for word in ("--scope", scope)]
    return made(
        run_cli(
            "key", "create", "--data-dir", deployment.data_dir, "--name", "ats", "--kind", "platform", "--json", *words, *more
        )
    )  # fmt: skip


def test_the_operator_makes_shows_and_changes_workspaces(fresh):
    where = ("--data-dir", fresh.data_dir)
    acme = made(
        run_cli(
            "workspace", "create", *where, "--name", "Acme Hiring", "--slug", "acme", "--plan", "pro",
            "--prefix-live", "ir_live_", "--prefix-test", "ir_test_", "--custom-resource", "jobs",
            "--origin", "https://app.example.com", "--json",
        )
    )  # fmt: skip
    assert formats.is_id(acme["id"], "ws") and acme["slug"] == "acme" and acme["plan"] == "pro"
    assert acme["settings"]["key_prefixes"] == {"live": "ir_live_", "test": "ir_test_"}
    assert acme["limits"] == {"requests_per_minute": 1000, "api_keys": 25}
    again = run_cli("workspace", "create", *where, "--name", "Acme", "--slug", "acme")
    assert again.returncode == CONFLICT and "slug" in again.err
    listed = run_cli("workspace", "list", *where, "--json")
    assert [json.loads(line)["slug"] for line in listed.out.splitlines()] == ["acme", "default"]
    for name in ("acme", acme["id"]):
        assert made(run_cli("workspace", "show", name, *where, "--json")) == acme
    changed = made(
        run_cli(
            "workspace", "set", "acme", *where, "--plan", "free", "--requests-per-minute", "250", "--minting", "forbidden",
            "--rate-limit-status", "403", "--no-origins", "--no-custom-resources", "--scope-rule", "frozen", "--json",
        )
    )  # fmt: skip
    settings = changed["settings"]
    assert changed["name"] == "Acme Hiring" and changed["plan"] == "free" and settings["requests_per_minute"] == 250
    assert settings["minting_allowed"] is False and settings["rate_limit_status"] == 403
    assert settings["allowed_origins"] == [] and settings["custom_resources"] == [] and settings["scope_rule"] == "frozen"
    back = made(run_cli("workspace", "set", "acme", *where, "--requests-per-minute", "plan", "--json"))
    assert back["settings"]["requests_per_minute"] is None and back["limits"]["requests_per_minute"] == 100
    shown = run_cli("workspace", "show", "acme", *where)
    assert shown.returncode == OK and "minting_allowed" in shown.out and "slug" in shown.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["create", "--name", "x"], USAGE), (["create", "--slug", "x"], USAGE), (["show"], USAGE), (["set"], USAGE),
        (["show", "nobody"], NOT_FOUND), (["show", "ws_01m7ysm950fr6tvbqwht0x6rk2"], NOT_FOUND),
        (["set", "default", "--minting", "maybe"], USAGE), (["set", "default", "--rate-limit-status", "x"], USAGE),
        (["set", "default", "--origin", "https://a.example", "--no-origins"], USAGE),
        (["set", "default", "--rate-limit-status", "500"], FAILED), (["set", "default", "--plan", "gold"], FAILED),
        (["create", "--name", "x", "--slug", "X"], FAILED),
    ],
    ids=str,
)  # fmt: skip
def test_refusals_say_what_to_do(fresh, words, code):
    done = run_cli("workspace", *words, "--data-dir", fresh.data_dir)
    assert done.returncode == code and done.err.strip(), (done.returncode, done.err)


def test_a_platform_key_runs_many_workspaces(fresh):
    key = platform_key(fresh)
    assert key["kind"] == "platform" and key["environment"] == "test"
    with harness.Service(fresh) as service:
        platform = service.api(key["secret"])
        invite = {"campaign_id": "c", "participant_email": email()}
        assert_error(platform.post("/v1/invites", invite), 400, "invalid_request", "workspace_id")
        admins = []
        for slug in ("one", "two"):
            answer = platform.post("/v1/workspaces", {"name": slug, "slug": slug})
            assert answer.status_code == 201, answer.text
            workspace = answer.json()["id"]
            answer = platform.post(
                "/v1/api-keys", {"name": "first", "kind": "admin", "scopes": SCOPES[2:]}, params={"companyId": workspace}
            )
            assert answer.status_code == 201, answer.text
            admins.append((workspace, service.api(answer.json()["secret"])))
        minted = platform.post("/v1/invites", invite, params={"workspace_id": admins[0][0]}).json()
        assert admins[0][1].get(f"/v1/invites/{minted['id']}").status_code == 200
        foreign = admins[1][1].get(f"/v1/invites/{minted['id']}")
        absent = admins[1][1].get(f"/v1/invites/{formats.unknown_id('inv')}")
        assert foreign.status_code == absent.status_code == 404
        assert foreign.json()["error"]["message"] == absent.json()["error"]["message"]
        assert_error(platform.get("/v1/invites", params={"workspace_id": formats.unknown_id("ws")}), 404, "not_found")
        assert_error(service.api().get("/v1/invites", params={"workspace_id": admins[0][0]}), 400, "invalid_request")
        # The command line, with the same key.
        remote = {"env": {"TOKENSERVICE_URL": service.url, "TOKENSERVICE_API_KEY": key["secret"]}}
        listed = run_cli("workspace", "list", "--json", **remote)
        assert len(listed.out.splitlines()) == 3
        made(run_cli("workspace", "set", "two", "--plan", "pro", "--json", **remote))
        invites = run_cli("invite", "list", "--workspace", "one", "--json", **remote)
        assert [json.loads(line)["id"] for line in invites.out.splitlines()] == [minted["id"]]
        nowhere = run_cli("invite", "list", "--workspace", "nobody", **remote)
        assert nowhere.returncode == NOT_FOUND
        more = run_cli(
            "key", "create", "--name", "p", "--kind", "platform", "--scope", "invites:read", "--workspace", "one", **remote
        )
        assert more.returncode != OK, "over HTTP nobody makes a platform key"


def test_with_more_than_one_workspace_the_operator_says_which(fresh):
    where = ("--data-dir", fresh.data_dir)
    made(run_cli("workspace", "create", *where, "--name", "Acme", "--slug", "acme", "--json"))
    unsaid = run_cli("key", "list", *where)
    assert unsaid.returncode == USAGE and "--workspace" in unsaid.err
    words = ("--name", "first", "--kind", "admin", "--scope", "invites:read", "--environment", "test", "--json")
    key = made(run_cli("key", "create", *where, "--workspace", "acme", *words))
    listed = run_cli("key", "list", *where, "--workspace", "acme", "--json")
    assert [json.loads(line)["id"] for line in listed.out.splitlines()] == [key["id"]]
    wrong = run_cli("key", "list", *where, "--workspace", "nobody")
    assert wrong.returncode == USAGE and "nobody" in wrong.err


def test_the_operator_lists_and_ends_platform_keys(fresh):
    key = platform_key(fresh)
    where = ("--data-dir", fresh.data_dir, "--platform", "--environment", "test")
    listed = run_cli("key", "list", *where, "--json")
    assert [json.loads(line)["id"] for line in listed.out.splitlines()] == [key["id"]]
    with harness.Service(fresh) as service:
        assert service.api(key["secret"]).get("/v1/workspaces").status_code == 200
    assert run_cli("key", "revoke", key["id"], *where, "--family").returncode == OK
    with harness.Service(fresh) as service:
        assert_error(service.api(key["secret"]).get("/v1/workspaces"), 401, "unauthorized")
