"""The description (`openapi.yaml`) against the running service, by two foreign tools."""

import pathlib
import re
import subprocess
import sys

import pytest

import harness
import test_workspaces

DESCRIPTION = harness.TOP / "openapi.yaml"
CONFIGURATION = pathlib.Path(__file__).with_name("schemathesis.toml")
EXAMPLES = "15"
PLATFORM_SCOPES = [
    f"{resource}:{action}" for resource in ("workspaces", "invites", "keys") for action in ("read", "write", "delete")
]


def tool(name):
    return str(pathlib.Path(sys.executable).with_name(name))


def test_the_description_is_valid_openapi():
    done = subprocess.run(
        [tool("openapi-spec-validator"), str(DESCRIPTION)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def schemathesis(service, directory, *words):
    done = subprocess.run(
        [
            tool("schemathesis"), "--config-file", str(CONFIGURATION), "run", str(DESCRIPTION), "--url", service.url,
            "--workers", "1", "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES,
            "--generation-deterministic", "--no-color",
            "--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "15",
            "--generation-with-security-parameters", "false", *words,
        ],
        capture_output=True, text=True, timeout=240, cwd=directory,
        env=harness.clean_environment(
            {
                "SCHEMATHESIS_WORKSPACE": service.deployment.workspace_id, "SCHEMATHESIS_SLUG": "default",
                "SCHEMATHESIS_ENVIRONMENT": service.deployment.environment,
            }
        ),
    )  # fmt: skip
    return done


# The tool finds its own key in the list of keys: what ends or changes a key is tried in a run of its own.
ENDS_KEYS = r"^(DELETE|PATCH|POST) /v1/api-keys/\{"


def fail_with(done):
    return f"exit code {done.returncode}\n{done.stdout[-60_000:]}\n{done.stderr[-2_000:]}"


@pytest.fixture()
def victim(fresh):
    """A service that the tool may do anything to."""
    with harness.Service(fresh) as running:
        yield running


def count_of_cases(done):
    match = re.search(r"(\d+) (?:generated|test cases)", done.stdout)
    return int(match.group(1)) if match else 0


def test_with_a_key(victim, tmp_path):
    key = f"Authorization: Bearer {victim.deployment.secret}"
    done = schemathesis(victim, tmp_path, "-H", key, "--exclude-name-regex", ENDS_KEYS)
    assert victim.api().mint()["id"], "the service is well and its key alive"
    assert done.returncode == 0, fail_with(done)
    assert count_of_cases(done) > 100, done.stdout[-2_000:]


def test_with_a_platform_key(fresh, tmp_path):
    key = test_workspaces.platform_key(fresh, scopes=PLATFORM_SCOPES)
    with harness.Service(fresh) as service:
        count = 0
        # The tool renames workspaces, whose slugs the other routes are told: those come first.
        for routes in (r"/v1/(invites|api-keys$)", r"/v1/(workspaces|members)"):
            done = schemathesis(
                service, tmp_path, "-H", f"Authorization: Bearer {key['secret']}", "--include-name-regex", routes
            )
            assert done.returncode == 0, fail_with(done)
            count += count_of_cases(done)
        assert count > 100, done.stdout[-2_000:]
        assert service.api(key["secret"]).get("/v1/workspaces").status_code == 200


def test_what_ends_keys(victim, tmp_path):
    key = f"Authorization: Bearer {victim.deployment.secret}"
    done = schemathesis(victim, tmp_path, "-H", key, "--include-name-regex", ENDS_KEYS)
    assert done.returncode == 0, fail_with(done)
    assert count_of_cases(done) >= 5, done.stdout[-2_000:]


def test_without_a_key(victim, tmp_path):
    done = schemathesis(victim, tmp_path)
    assert done.returncode == 0, fail_with(done)
    assert count_of_cases(done) > 100, done.stdout[-2_000:]
    assert victim.api().mint()["id"]
    listed = victim.api().pages("/v1/invites", limit=100)
    assert len(listed) == 1, "something was minted without a key"
