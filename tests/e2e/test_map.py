"""`leadline map`, as a person runs it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from leadline.tests.support.cli import Ran, environment, leadline, start
from leadline.tests.support.repos import make_repo, write_files
from leadline.tools.code.api import map_repository, why
from leadline.tools.code.tokens import count_tokens
from leadline.tools.errors import PersonError

SHOP = {
    "shop/__init__.py": "",
    "shop/invoice.py": (
        "from shop.money import cents\n\n\n"
        "class Invoice:\n"
        '    """What a customer owes."""\n\n'
        "    def total(self, lines):\n"
        "        return sum(cents(line) for line in lines)\n"
    ),
    "shop/money.py": "def cents(amount):\n    return round(amount * 100)\n",
    "shop/static/app.min.js": "var a=1;" * 2_000,
    "README.md": "# Shop\n\nSells things.\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "shop", SHOP)


async def _map(folder: Path, *args: str) -> Ran:
    return await leadline(
        "map", *args, cwd=folder, env=environment(folder.parent / "home", "http://127.0.0.1:9")
    )


async def test_a_small_repository_is_shown_whole_within_the_budget(shop: Path) -> None:
    ran = await _map(shop, "--task", "the total is off by one cent", "--tokens", "2000")
    assert ran.code == 0, ran.err
    assert SHOP["shop/invoice.py"] in ran.out
    assert "var a=1" not in ran.out
    assert count_tokens([ran.out])[0] <= 2_000
    assert "of 2,000 tokens" in ran.err


async def test_json_says_level_and_reason_of_each_file(shop: Path) -> None:
    ran = await _map(shop, "--task", "Invoice.total is wrong", "--json")
    told = json.loads(ran.out)
    assert told["tokens"] == count_tokens([told["text"]])[0] <= told["budget"] == 32_768
    invoice = next(file for file in told["files"] if file["path"] == "shop/invoice.py")
    assert invoice["level"] == "whole"
    assert invoice["why"]
    assert told["files_in_tree"] == len(SHOP)


async def test_what_is_changed_and_not_committed_comes_up(tmp_path: Path) -> None:
    files = {f"part{number}.py": f"def f{number}():\n    ...\n" * 40 for number in range(30)}
    repo = make_repo(tmp_path / "repo", files)
    (repo / "part17.py").write_text("def f17():\n    return 17\n" * 40)
    ran = await _map(repo, "--task", "make it faster", "--tokens", "600", "--json")
    best = max(json.loads(ran.out)["files"], key=lambda file: file["score"])
    assert best["path"] == "part17.py"
    assert best["why"] == ["changed, not committed"]


async def test_the_same_bytes_whatever_the_hash_seed_and_from_below(shop: Path) -> None:
    texts = set[str]()
    for seed, folder in (("1", shop), ("2", shop / "shop")):
        env = environment(shop.parent / "home", "http://127.0.0.1:9", {"PYTHONHASHSEED": seed})
        ran = await leadline("map", "--task", "cents", "--tokens", "150", cwd=folder, env=env)
        texts.add(ran.out)
    assert len(texts) == 1
    assert texts != {""}


async def test_a_log_comes_through_stdin(shop: Path) -> None:
    write_files(shop, {"other.py": "def other():\n    ...\n" * 200})
    env = environment(shop.parent / "home", "http://127.0.0.1:9")
    asked = ("map", "--task", "-", "--tokens", "300", "--json")
    process = await start(*asked, cwd=shop, env=env, stdin=asyncio.subprocess.PIPE)
    log = b'Traceback:\n  File "shop/invoice.py", line 8, in total\n'
    out, _ = await process.communicate(log)
    best = max(json.loads(out)["files"], key=lambda file: file["score"])
    assert best["path"] == "shop/invoice.py"
    assert "named in the task" in best["why"]


async def test_why_a_file_is_in_or_out(shop: Path) -> None:
    ran = await _map(
        shop / "shop",
        "--task",
        "money",
        "--why",
        "money.py",
        "--why",
        "static/app.min.js",
        "--why",
        "no.py",
    )
    assert ran.code == 0, ran.err
    assert "shop/money.py is in" in ran.out
    assert "Shown as a whole" in ran.out
    assert "minified" in ran.out
    assert "shop/no.py does not exist" in ran.out


@pytest.mark.parametrize("tokens", ["-1", "many", "1.5", ""])
async def test_a_wrong_number_of_tokens_is_named(shop: Path, tokens: str) -> None:
    ran = await _map(shop, f"--tokens={tokens}")
    assert ran.code == 2
    assert "--tokens" in ran.err


async def test_outside_of_git_and_with_no_room(tmp_path: Path) -> None:
    write_files(tmp_path, {"plain/a.py": "def alone():\n    return 1\n"})
    ran = await _map(tmp_path / "plain", "--task", "alone")
    assert ran.code == 0, ran.err
    assert "def alone():" in ran.out
    none = await _map(tmp_path / "plain", "--tokens", "0")
    assert (none.code, none.out) == (0, "")


def test_as_a_library_nothing_is_kept(shop: Path) -> None:
    before = sorted(shop.parent.rglob("*"))
    found = map_repository(shop, "the total of an invoice", 1_000)
    assert found.map.tokens <= 1_000
    assert found.notes == ()
    assert "shop/invoice.py" in found.map.whole
    assert why(shop / "shop", "money.py").startswith("shop/money.py is in")
    assert sorted(shop.parent.rglob("*")) == before


def test_a_folder_that_is_none_is_told() -> None:
    with pytest.raises(PersonError, match="not a folder"):
        map_repository(Path("/nowhere/at/all"))
