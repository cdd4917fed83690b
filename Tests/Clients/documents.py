"""Code blocks of the documentation, taken out and run as a reader would: in one shell after the other, with what they set."""

import json
import os
import re
import subprocess

import harness

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


def documents():
    """Every page with commands in it, by its path from the top."""
    paths = [*harness.TOP.glob("*.md"), *harness.TOP.glob("docs/**/*.md")]
    return sorted(str(path.relative_to(harness.TOP)) for path in paths)


def blocks(name, language):
    """The blocks of one language on one page, in order, without their indentation."""
    text = (harness.TOP / name).read_text()
    found = []
    for match in FENCE.finditer(text):
        if match["language"] == language:
            indent = len(match["indent"])
            found.append("".join(line[indent:] for line in match["text"].splitlines(keepends=True)))
    return found


def json_values(text):
    """The JSON values that stand one after the other in an output, whatever stands between."""
    decoder, values, at = json.JSONDecoder(), [], 0
    while (start := text.find("{", at)) >= 0:
        value, at = decoder.raw_decode(text, start)
        values.append(value)
    return values


class Shell:
    """Runs blocks with `bash -eu`; variables and the folder stay from one to the next."""

    def __init__(self, folder, **variables):
        self.folder, self.kept = folder, folder / ".environment"
        self.variables = {
            **harness.clean_environment(), "HOME": str(folder), "NO_PROXY": "*", "no_proxy": "*", **variables,
        }  # fmt: skip
        tools = folder / ".tools"
        tools.mkdir(exist_ok=True)
        command = tools / "token-service"
        if not command.exists():
            command.symlink_to(harness.executable())
        self.variables["PATH"] = f"{tools}:{self.variables['PATH']}"

    def run(self, text, status=0, **replaced):
        """One block, with words replaced that a reader replaces; each must stand in it. Gives its output."""
        for old, new in replaced.pop("replace", {}).items():
            assert old in text, f"{old!r} is not in this block any more:\n{text}"
            text = text.replace(old, new)
        assert "…" not in re.sub(r"#.*", "", text), f"a place to fill in was left:\n{text}"
        script = f"set -eu -o pipefail -o allexport\n{text}\nenv -0 > '{self.kept}'\n"
        done = subprocess.run(
            ["bash", "-s"], input=script, capture_output=True, text=True, timeout=60, env=self.variables, cwd=self.folder
        )
        assert done.returncode == status, f"{done.returncode}\n{text}\n{done.stdout}\n{done.stderr}"
        if done.returncode == 0:
            pairs = (entry.partition("=") for entry in self.kept.read_text().split("\0") if entry)
            self.variables = {key: value for key, _, value in pairs if key not in ("_", "SHLVL", "PWD", "OLDPWD")}
        return done.stdout

    def __getitem__(self, name):
        return self.variables[name]
