"""The command line as a user meets it: flags are found in `--help`, secrets go by environment or standard input."""

import json

import formats
import harness


def help_of(*command):
    done = harness.run_cli(*command, "--help")
    assert done.returncode == 0, (command, done.returncode, done.err)
    return done.out + done.err


def flag(command, *candidates):
    """The first of the flags that the command's help tells of."""
    text = help_of(*command)
    for candidate in candidates:
        if candidate in text:
            return candidate
    raise AssertionError(f"{' '.join(command)} --help tells of none of {candidates}:\n{text}")


def scope_arguments(scopes):
    text = help_of("key", "create")
    if "--scopes" in text:
        return ["--scopes", ",".join(scopes)]
    assert "--scope" in text, text
    return [word for scope in scopes for word in ("--scope", scope)]


def parsed(done):
    assert done.returncode == 0, (done.returncode, done.out, done.err)
    return json.loads(done.out)


def create_key(deployment, name, scopes, kind=None, environment=None):
    """`key create --data-dir`, while the service does not run; its id and secret."""
    words = ["key", "create", "--data-dir", deployment.data_dir, "--name", name, *scope_arguments(scopes), "--json"]
    if kind:
        words += ["--kind", kind]
    if environment:
        words += ["--environment", environment]
    made = parsed(harness.run_cli(*words))
    secret, key_id = formats.find_member(made, "secret"), formats.find_member(made, "id")
    assert secret and formats.is_id(key_id, "key"), sorted(made)
    return {"id": key_id, "secret": secret}


def remote(service, *command, key=None, stdin="", json_output=True):
    """A command against the running service, the key in the environment."""
    words = [*command, "--url", service.url, *(["--json"] if json_output else [])]
    secret = service.deployment.secret if key is None else key
    return harness.run_cli(*words, stdin=stdin, env={"TOKENSERVICE_API_KEY": secret} if secret else {})
