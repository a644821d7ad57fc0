"""The index: what it answers, that it parses only what is new, and that its history does not matter."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.tests.support.codetrees import SMALL, answers, fresh, paths_in
from leadline.tests.support.repos import git, make_repo, write_files
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.index.content import blob_id
from leadline.tools.code.index.tidy import crowded
from leadline.tools.code.index.version import MADE_BY
from leadline.tools.code.model import NOTHING_KNOWN
from leadline.tools.code.words import split_words
from leadline.tools.git.repository import open_repository


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    write_files(folder, SMALL)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state" / "index" / "key"


def test_a_tree_lists_every_file_in_order_with_its_blob_and_language(root: Path) -> None:
    tree = fresh(root)
    assert list(tree.files) == sorted(SMALL)
    for path, text in SMALL.items():
        assert tree.files[path].blob == blob_id(text.encode())
        assert tree.files[path].size == len(text)
    assert tree.files["shop/money.py"].language == "python"
    assert tree.files["web/app.js"].language == "javascript"
    assert tree.files["LICENSE"].language is None
    assert tree.notes == ()


def test_the_blob_id_is_what_git_gives(root: Path) -> None:
    (root / "odd").write_bytes(b"\r\n\xff\0\n")
    tree = fresh(root)
    for path, file in tree.files.items():
        assert file.blob == git(root, "hash-object", "--no-filters", path).strip()


def test_symbols_references_and_words_are_found_by_name(root: Path) -> None:
    tree = fresh(root)
    (place,) = tree.definitions("price")
    assert (place.path, place.symbol.qualified, place.symbol.first) == (
        "shop/models.py",
        "Item.price",
        7,
    )
    assert tree.definitions("no_such_thing") == ()
    assert tree.definers(["total", "round_up", "nothing"]) == {
        "total": ("web/cart.js",),
        "round_up": ("shop/money.py",),
    }
    assert tree.referrers(["round_up"])["round_up"] == {"shop/models.py": 1}
    assert tree.mentions(split_words("price"))[split_words("price")[0]] == {
        "LICENSE": 1,
        "README.md": 1,
        "shop/models.py": 1,
        "web/cart.js": 1,
    }
    assert tree.facts("LICENSE") == NOTHING_KNOWN
    with pytest.raises(KeyError):
        tree.facts("gone.py")
    with pytest.raises(KeyError):
        tree.symbols("gone.py")


def test_text_is_given_only_while_the_file_is_the_same(root: Path) -> None:
    (root / "crlf.py").write_bytes(b"a = 1\r\n")
    tree = fresh(root)
    assert tree.text("crlf.py") == "a = 1\n"
    (root / "crlf.py").write_bytes(b"a = 2\r\n")
    assert tree.text("crlf.py") is None
    (root / "crlf.py").unlink()
    assert tree.text("crlf.py") is None
    assert tree.text("never.py") is None


def test_a_second_index_of_the_same_folder_parses_nothing(root: Path, home: Path) -> None:
    first = CodeIndex.open(home)
    before = answers(first.refresh(root, paths_in(root)))
    first.close()
    seen: list[tuple[int, int]] = []
    second = CodeIndex.open(home)
    os.utime(root / "LICENSE", ns=(0, 0))
    tree = second.refresh(root, paths_in(root), lambda done, total: seen.append((done, total)))
    assert answers(tree) == before
    assert tree.parsed == 0


def test_what_was_written_long_ago_is_not_even_read(root: Path, home: Path) -> None:
    index = CodeIndex.open(home)
    index.refresh(root, paths_in(root))
    time.sleep(
        2.1
    )  # files this young are read again, as they may change within a tick of the clock
    index.refresh(root, paths_in(root))
    seen: list[tuple[int, int]] = []
    index.refresh(root, paths_in(root), lambda done, total: seen.append((done, total)))
    assert seen == []


def test_a_change_that_keeps_size_and_time_is_seen(root: Path, home: Path) -> None:
    index = CodeIndex.open(home)
    path = root / "shop/money.py"
    index.refresh(root, paths_in(root))
    status = path.stat()
    path.write_text(path.read_text().replace("round_up", "round_uq"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    tree = index.refresh(root, paths_in(root))
    assert tree.definers(["round_up", "round_uq"]) == {"round_uq": ("shop/money.py",)}


def test_progress_counts_every_file_once(root: Path) -> None:
    seen: list[tuple[int, int]] = []
    index = CodeIndex.open(None)
    index.refresh(root, paths_in(root), lambda done, total: seen.append((done, total)))
    assert seen == [(number + 1, len(SMALL)) for number in range(len(SMALL))]


def test_clones_work_trees_branches_and_renames_share_what_is_known(
    tmp_path: Path, home: Path
) -> None:
    repo = make_repo(tmp_path / "repo", SMALL)
    index = CodeIndex.open(home)
    index.refresh(repo, paths_in(repo))
    git(repo, "worktree", "add", "-q", "../tree", "-b", "other")
    git(tmp_path, "clone", "-q", "repo", "clone")
    git(repo, "mv", "shop", "store")
    for root in (tmp_path / "tree", tmp_path / "clone", repo):
        tree = index.refresh(root, paths_in(root))
        assert tree.parsed == 0
        assert answers(tree) == answers(fresh(root))
    (repo / "store/money.py").write_text("def round_down(value): ...\n")
    assert index.refresh(repo, paths_in(repo)).parsed == 1


def test_the_same_content_in_two_languages_is_known_twice(root: Path) -> None:
    write_files(root, {"a.py": "x = 1\n", "a.rb": "x = 1\n", "b.py": "x = 1\n"})
    tree = fresh(root)
    assert [tree.files[path].language for path in ("a.py", "a.rb", "b.py")] == [
        "python",
        "ruby",
        "python",
    ]
    assert tree.facts("a.py") == tree.facts("b.py")
    assert {place.path for place in tree.definitions("x")} >= {"a.py", "b.py"}


def test_an_older_tree_keeps_its_answers(root: Path, home: Path) -> None:
    index = CodeIndex.open(home)
    old = index.refresh(root, paths_in(root))
    before = old.definitions("round_up"), old.referrers(["round_up"]), old.digest
    (root / "shop/money.py").write_text("def something_else(): ...\n")
    new = index.refresh(root, paths_in(root))
    assert (old.definitions("round_up"), old.referrers(["round_up"]), old.digest) == before
    assert new.definitions("round_up") == ()
    assert new.digest != old.digest


def test_many_small_changes_do_not_pile_up(root: Path, home: Path) -> None:
    index = CodeIndex.open(home)
    for number in range(14):
        (root / "shop/money.py").write_text(f"def round_up(value):\n    return value + {number}\n")
        index.refresh(root, paths_in(root))
    assert len(index.postings("words")) < 8
    assert answers(index.refresh(root, paths_in(root))) == answers(fresh(root))


def test_a_tidied_index_gives_the_same_answers(root: Path, home: Path) -> None:
    index = CodeIndex.open(home)
    tree = index.refresh(root, paths_in(root))
    for number in range(6):
        (root / "shop/money.py").write_text(f"def round_up(value):\n    return value + {number}\n")
        tree = index.refresh(root, paths_in(root))
    index.tidy()
    assert len(index.postings("words")) == 1
    assert answers(tree) == answers(index.refresh(root, paths_in(root))) == answers(fresh(root))


def test_segments_of_about_one_size_are_joined_and_others_left() -> None:
    assert crowded(dict.fromkeys(range(11), 1)) == []
    assert crowded(dict.fromkeys(range(12), 1) | {99: 5_000}) == [list(range(12))]
    big = crowded(dict.fromkeys(range(40), 4_000))
    assert big
    assert all(len(group) * 4_000 <= 16_384 for group in big)


async def test_the_listing_of_a_repository_is_indexed(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SMALL, ".gitignore": "*.log\n"})
    write_files(repo, {"new.py": "def made(): ...\n", "x.log": "no\n"})
    repository = await open_repository(repo)
    tree = CodeIndex.open(None).refresh(repo, await repository.list_files())
    assert set(tree.files) == {*SMALL, ".gitignore", "new.py"}


NAMES = st.sampled_from(["a.py", "b.py", "c.js", "lib/d.py", "lib/e.md", "lib/deep/f.go", "g.txt"])
TEXTS = st.sampled_from(
    [
        "def one():\n    return two()\n",
        "def two():\n    return one() + one()\n",
        "class One:\n    def two(self): ...\n",
        "function one() { return two() }\n",
        "# One\n\ntwo\n",
        "package one\n\nfunc two() {}\n",
        "",
        "\0binary",
    ]
)
EDITS = st.one_of(
    st.tuples(st.just("write"), NAMES, TEXTS),
    st.tuples(st.just("delete"), NAMES, st.just("")),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("refresh"), st.just(""), st.just("")),
)


def _edit(root: Path, what: str, first: str, second: str) -> None:
    path = root / first
    path.parent.mkdir(parents=True, exist_ok=True)
    if what == "write":
        path.write_text(second)
    elif what == "delete":
        path.unlink(missing_ok=True)
    elif path.exists():
        (root / second).parent.mkdir(parents=True, exist_ok=True)
        path.rename(root / second)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EDITS, max_size=12))
def test_after_any_edits_the_index_answers_as_a_fresh_one(
    edits: list[tuple[str, str, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        write_files(root, SMALL)
        index = CodeIndex.open(Path(folder, "state"))
        for what, first, second in edits:
            if what == "refresh":
                index.refresh(root, paths_in(root))
            else:
                _edit(root, what, first, second)
        assert answers(index.refresh(root, paths_in(root))) == answers(fresh(root))
        index.close()


def test_the_order_in_which_contents_came_makes_no_difference(tmp_path: Path, home: Path) -> None:
    files = {
        f"m{number}.py": f"def f{number % 3}():\n    f{number % 5}()\n" for number in range(20)
    }
    write_files(tmp_path / "root", files)
    index = CodeIndex.open(home)
    for count in (3, 11, 20):
        index.refresh(tmp_path / "root", list(files)[-count:])
    assert answers(index.refresh(tmp_path / "root", list(files))) == answers(
        fresh(tmp_path / "root")
    )


def test_the_result_does_not_depend_on_the_hash_seed(root: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom leadline.tests.support.codetrees import answers, fresh\n"
        "print(answers(fresh(Path(sys.argv[1]))))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, str(root)],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_change_to_any_module_that_makes_facts_makes_them_anew() -> None:
    """What a child imports of this package is what its facts depend on."""
    script = (
        "import sys, runpy, io\nsys.stdin = io.TextIOWrapper(io.BytesIO())\n"
        "try:\n    runpy.run_module('leadline.tools.code.index.worker', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "print(*(name for name in sys.modules if name.startswith('leadline.tools.')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    names = {name.removeprefix("leadline.tools.") for name in done.stdout.split()} - {
        "code",
        "code.index",
    }
    loaded = {f"{name.replace('.', '/')}.py" for name in names}
    assert "code/extract.py" in loaded
    assert loaded <= {*MADE_BY}
