"""The widget's declarations, as the service serves them, before a real TypeScript compiler."""

import json
import re
import shutil
import subprocess

import pytest
import requests

import harness

FOLDER = harness.TOP / "Tests" / "Clients" / "types"


OPTIONS = {
    "strict": True, "noEmit": True, "target": "es2020", "lib": ["es2020", "dom"], "module": "es2020",
    "moduleResolution": "node", "types": [],
}  # fmt: skip


@pytest.fixture()
def compile_page(service, tmp_path):
    """Compiles one page with the served declarations; gives the lines that are wrong."""
    compiler = shutil.which("tsc")
    assert compiler, "no TypeScript compiler: scripts/install-deps test installs it"
    answer = requests.get(service.url + "/widget/v1.d.ts", timeout=harness.ANSWER_SECONDS)
    assert answer.status_code == 200
    (tmp_path / "v1.d.ts").write_bytes(answer.content)

    def run(name):
        shutil.copy(FOLDER / name, tmp_path)
        (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "files": [name]}))
        done = subprocess.run(
            [compiler, "--project", ".", "--pretty", "false"], capture_output=True, text=True, timeout=120, cwd=tmp_path
        )
        lines = {int(line) for line in re.findall(rf"^{re.escape(name)}\((\d+),\d+\): error", done.stdout, re.MULTILINE)}
        assert "v1.d.ts(" not in done.stdout, done.stdout
        assert (done.returncode == 0) == (not lines), (done.returncode, done.stdout, done.stderr)
        return lines, done.stdout

    return run


def test_a_page_that_uses_every_declaration_compiles(compile_page):
    lines, said = compile_page("good.ts")
    assert not lines, said


@pytest.mark.parametrize("name", ("no-invite.ts", "wrong-use.ts"))
def test_each_wrong_use_is_an_error_and_nothing_else(compile_page, name):
    text = (FOLDER / name).read_text().splitlines()
    marked = {number for number, line in enumerate(text, 1) if line.endswith("// error")}
    lines, said = compile_page(name)
    assert lines == marked, said
