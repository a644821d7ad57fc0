"""Trees that nobody would make on purpose: each costs at most what it is, and nothing stops."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from leadline.tests.support.codetrees import SMALL, answers, fresh, paths_in
from leadline.tests.support.repos import git, make_repo, write_files
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.index.content import Reader
from leadline.tools.code.model import NOTHING_KNOWN
from leadline.tools.git.repository import open_repository

STRANGE = {
    "utf16.py": "def größe():\n    return 1\n".encode("utf-16"),
    "utf8_bom.py": b"\xef\xbb\xbfdef with_mark(): ...\r\n",
    "latin.py": "# -*- coding: latin-1 -*-\ndef straße(): ...\n".encode("latin-1"),
    "gb.py": "# 这是一个中文注释\ndef chinese(): ...\n".encode("gb18030"),
    "cut.py": b"def fine(): ...\n# \xe4\xbd",
    "old_mac.py": b"def one(): ...\rdef two(): ...\r",
    "escape.py": b"def colours():\n    return '\x1b[31m'\n",
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_encodings_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(STRANGE[name])
    tree = fresh(tmp_path)
    assert tree.files[name].left_out is None
    assert tree.facts(name).symbols
    assert tree.text(name) is not None
    assert tree.notes == ()


def test_names_in_other_alphabets_are_found(tmp_path: Path) -> None:
    for name in ("utf16.py", "latin.py"):
        (tmp_path / name).write_bytes(STRANGE[name])
    tree = fresh(tmp_path)
    assert tree.definers(["größe", "straße"]) == {"größe": ("utf16.py",), "straße": ("latin.py",)}


def test_a_line_of_a_hundred_megabytes_is_listed_and_not_read_as_text(tmp_path: Path) -> None:
    write_files(tmp_path, SMALL)
    with (tmp_path / "data.js").open("wb") as file:
        for _ in range(100):
            file.write(b"x" * 1_000_000)
    tree = fresh(tmp_path)
    assert tree.files["data.js"].left_out == "very large: 100,000,000 bytes"
    assert tree.files["data.js"].size == 100_000_000
    assert tree.facts("data.js") == NOTHING_KNOWN
    assert tree.text("data.js") is None
    assert tree.definers(["total"])


def test_a_file_just_under_the_limit_in_one_line_is_minified(tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text("a(1);" * 190_000)
    left_out = fresh(tmp_path).files["one.js"].left_out
    assert left_out is not None
    assert left_out.startswith("minified")


def test_names_that_are_no_text_are_listed_with_the_reason(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    (tmp_path / name).write_text("def f(): ...\n")
    (tmp_path / "new\nline.py").write_text("def g(): ...\n")
    tree = fresh(tmp_path)
    assert tree.files[name].left_out == "a name that is not UTF-8"
    assert tree.definers(["f", "g"]) == {"g": ("new\nline.py",)}
    assert tree.digest


def test_links_pipes_and_folders_are_nothing_to_index(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write_files(root, SMALL)
    (tmp_path / "secret.py").write_text("def secret(): ...\n")
    (root / "loop").symlink_to(root)
    (root / "self").symlink_to("self")
    (root / "out.py").symlink_to(tmp_path / "secret.py")
    (root / "in.py").symlink_to("shop/models.py")
    os.mkfifo(root / "pipe.py")
    extra = [
        "loop",
        "loop/shop/models.py",
        "self",
        "out.py",
        "in.py",
        "pipe.py",
        "shop",
        "shop/none.py",
    ]
    index = CodeIndex.open(None)
    for _ in range(2):
        tree = index.refresh(root, [*SMALL, *extra])
        assert list(tree.files) == sorted(SMALL)
        assert tree.notes == ()


def test_paths_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write_files(root, SMALL)
    (tmp_path / "secret.py").write_text("def secret(): ...\n")
    (root / "shop" / "up").symlink_to("..")
    outside = [
        *("../secret.py", "shop/../../secret.py", "shop/up/../secret.py", "shop/up/web/app.js"),
        *("/LICENSE", str(tmp_path / "secret.py"), "shop//money.py", "./LICENSE", "a\0b", ""),
    ]
    tree = fresh(root, [*SMALL, *outside])
    assert list(tree.files) == sorted(SMALL)
    assert tree.definers(["secret"]) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_what_cannot_be_read_is_listed_with_the_reason(tmp_path: Path) -> None:
    write_files(tmp_path, SMALL)
    (tmp_path / "LICENSE").chmod(0)
    tree = fresh(tmp_path)
    assert tree.files["LICENSE"].left_out == "cannot be read: Permission denied"
    (tmp_path / "LICENSE").chmod(0o600)
    assert fresh(tmp_path).files["LICENSE"].left_out is None


def test_hundreds_of_tiny_files(tmp_path: Path) -> None:
    for number in range(600):
        folder = tmp_path / f"d{number % 40}"
        folder.mkdir(exist_ok=True)
        (folder / f"f{number}.py").write_text(f"def name_{number}(): ...\n")
    tree = fresh(tmp_path)
    assert len(tree.files) == 600
    assert tree.definers(["name_0", "name_599"]) == {
        "name_0": ("d0/f0.py",),
        "name_599": ("d39/f599.py",),
    }


def test_a_folder_deeper_than_python_recurses(tmp_path: Path) -> None:
    text = "".join(f"{'  ' * depth}if x:\n" for depth in range(400)) + "  " * 400 + "pass\n"
    (tmp_path / "deep.py").write_text(text)
    (tmp_path / "brackets.js").write_text("[" * 40_000 + "\n" + "]" * 40_000 + "\n")
    (tmp_path / "fine.py").write_text("def fine(): ...\n")
    tree = fresh(tmp_path)
    assert tree.definers(["fine"]) == {"fine": ("fine.py",)}
    assert len(tree.notes) <= 1


async def test_submodules_and_nested_repositories_are_not_entered(tmp_path: Path) -> None:
    inner = make_repo(tmp_path / "inner", {"inside.py": "def inside(): ...\n"})
    repo = make_repo(tmp_path / "repo", SMALL)
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    make_repo(repo / "nested", {"nested.py": "def nested(): ...\n"})
    repository = await open_repository(repo)
    tree = fresh(repo, await repository.list_files())
    assert set(tree.files) == {*SMALL, ".gitmodules"}


async def test_a_sparse_checkout_has_what_is_there(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SMALL)
    git(repo, "sparse-checkout", "set", "web")
    repository = await open_repository(repo)
    tree = fresh(repo, await repository.list_files())
    assert set(tree.files) == {"LICENSE", "README.md", "web/app.js", "web/cart.js"}


def test_a_tree_that_changes_while_it_is_read(tmp_path: Path) -> None:
    """Whatever state of a file was caught, its facts and its blob are of that one state."""
    names = [f"f{number}.py" for number in range(40)]
    write_files(tmp_path, dict.fromkeys(names, "def before(): ...\n"))
    stop = threading.Event()

    def churn() -> None:
        at = 0
        while not stop.is_set():
            path = tmp_path / names[at % 40]
            if at % 3 == 2:
                path.unlink(missing_ok=True)
            else:
                path.write_text(f"def state_{at}(): ...\n" * (at % 50 + 1))
            at += 1

    index = CodeIndex.open(tmp_path / "state")
    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(4):
            tree = index.refresh(tmp_path, names)
            assert tree.notes == ()
            for path, file in tree.files.items():
                assert len({symbol.name for symbol in tree.facts(path).symbols}) <= 1
                text = tree.text(path)
                assert text is None or len(text) == file.size
    finally:
        stop.set()
        thread.join()
    assert answers(index.refresh(tmp_path, names)) == answers(fresh(tmp_path, names))


def test_a_root_that_is_gone_has_no_files(tmp_path: Path) -> None:
    write_files(tmp_path / "root", SMALL)
    assert fresh(tmp_path / "none", ["a.py"]).files == {}


def test_an_empty_tree(tmp_path: Path) -> None:
    tree = fresh(tmp_path)
    assert tree.files == {}
    assert tree.mentions(["x"]) == tree.definers(["x"]) == tree.referrers(["x"]) == {}
    assert paths_in(tmp_path) == []


def test_a_folder_that_is_missing_half_way_down_is_not_taken_for_the_root(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/x.py": "def inner(): ...\n", "x.py": "def outer(): ...\n"})
    (tmp_path / "a" / "link").symlink_to(tmp_path / "a")
    for missing in ("a/none/x.py", "a/link/x.py", "a/x.py/y.py"):
        with Reader(tmp_path) as reader:
            assert reader.inspect(missing) is None
            found = reader.inspect("x.py")
            assert found is not None
            assert found.text == "def outer(): ...\n"
    tree = fresh(tmp_path, ["a/link/x.py", "x.py"])
    assert tree.definers(["inner", "outer"]) == {"outer": ("x.py",)}
