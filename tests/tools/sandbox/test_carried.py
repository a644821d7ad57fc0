"""Which folders of a tree hold dependencies, and how the points to mount them on are made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tools.sandbox.carried import carried_folders, is_there, make_point, make_points


def folder(root: Path, path: str, mark: str | None = None) -> None:
    (root / path).mkdir(parents=True, exist_ok=True)
    if mark:
        (root / path / mark).touch()


@pytest.mark.parametrize(
    ("path", "mark", "carried"),
    [
        ("node_modules/", None, True),
        ("packages/a/node_modules/", None, True),
        ("vendor/", None, True),
        (".venv/", "pyvenv.cfg", True),
        ("venv/", "pyvenv.cfg", True),
        ("environments/py311/", "pyvenv.cfg", True),
        ("env/", "pyvenv.cfg", True),
        ("env/", None, False),
        ("conda/", "conda-meta", True),
        ("src/pkg.egg-info/", None, True),
        (".yarn/cache/", None, True),
        ("cache/", None, False),
        (".tox/", None, False),
        ("target/", None, False),
        ("build/", None, False),
        ("dist/", None, False),
        ("__pycache__/", None, False),
    ],
)
def test_names_and_marks(tmp_path: Path, path: str, mark: str | None, carried: bool) -> None:
    folder(tmp_path, path, mark)
    assert carried_folders(tmp_path, [path]) == ((tmp_path / path,) if carried else ())


def test_sorted_each_once_and_none_inside_another(tmp_path: Path) -> None:
    for path in ("b/node_modules/x/node_modules", "a/node_modules", "vendor"):
        folder(tmp_path, path)
    paths = ["vendor/", "b/node_modules/x/node_modules/", "b/node_modules/", "a/node_modules/"]
    found = carried_folders(tmp_path, [*paths, *paths])
    assert found == tuple(
        tmp_path / path for path in ("a/node_modules", "b/node_modules", "vendor")
    )


def test_what_is_no_folder_of_the_tree_is_passed_over(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    folder(tmp_path, "elsewhere/node_modules")
    folder(root, "kept")
    (root / "node_modules").symlink_to(tmp_path / "elsewhere/node_modules")
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "vendor").write_text("a file")
    names = [
        "node_modules/",
        "linked/node_modules/",
        "vendor/",
        "missing/node_modules/",
        "../elsewhere/node_modules/",
        f"{tmp_path}/elsewhere/node_modules/",
        "kept",
        "/",
        "a\0b/node_modules/",
    ]
    assert carried_folders(root, names) == ()


def test_a_tree_behind_a_link_and_a_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"pack\xff\nage")
    folder(tmp_path, f"tree/{name}/node_modules")
    (tmp_path / "link").symlink_to(tmp_path / "tree")
    found = carried_folders(tmp_path / "link", [f"{name}/node_modules/"])
    assert found == (tmp_path / "tree" / name / "node_modules",)


def test_a_point_is_made_only_in_a_folder_that_is_there(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "tree"
    folder(outside, "below")
    folder(root, "a")
    (root / "file").touch()
    (root / "link").symlink_to(outside)
    (root / "dangling").symlink_to(outside / "new")
    assert make_point(root, Path("one"))
    assert make_point(root, Path("one"))
    assert make_point(root, Path("a/two"))
    for path in (
        "missing/x",
        "file",
        "file/x",
        "link",
        "link/x",
        "link/below",
        "dangling",
        "a/../x",
    ):
        assert not make_point(root, Path(path)), path
        assert not make_points(root, Path(path)) or path == "missing/x", path
    assert make_points(root, Path("deep/er/still"))
    assert (root / "deep/er/still").is_dir()
    assert [path.name for path in outside.iterdir()] == ["below"]


def test_what_is_there_is_there_itself(tmp_path: Path) -> None:
    folder(tmp_path, "a/b", "file")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert is_there(tmp_path, Path("a/b"))
    assert is_there(tmp_path, Path("a/b/file"))
    for path in ("link", "link/b", "missing", "a/b/file/x"):
        assert not is_there(tmp_path, Path(path)), path


PATHS = st.lists(
    st.lists(
        st.sampled_from(["node_modules", "a", "vendor", "..", "link", ".venv"]),
        min_size=1,
        max_size=4,
    ).map("/".join),
    max_size=6,
)


@given(PATHS)
def test_whatever_is_asked_for_it_lies_in_the_tree(
    tmp_path_factory: pytest.TempPathFactory, paths: list[str]
) -> None:
    base = tmp_path_factory.getbasetemp() / f"carried-{os.getpid()}"
    root = base / "tree"
    if not base.exists():
        folder(root, "a/node_modules/vendor")
        folder(root, "node_modules/a")
        folder(base, "vendor")
        (root / "link").symlink_to(base)
    found = carried_folders(root, [path + "/" for path in paths])
    assert list(found) == sorted(set(found))
    for one in found:
        assert one.resolve() == one
        assert one.is_relative_to(root)
        assert one != root
        assert not any(one != other and one.is_relative_to(other) for other in found)


def test_a_link_that_leads_nowhere_is_not_carried(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to("x" * 300)
    assert carried_folders(tmp_path, ["node_modules/"]) == ()


def test_a_link_on_the_way_that_goes_as_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path, "real/node_modules")
    (tmp_path / "link").symlink_to("real")
    read, gone = os.readlink, [1]

    def going(path: str, **more: int | None) -> str:
        if gone[0]:
            gone[0] -= 1
            raise FileNotFoundError(path)
        return read(path, **more)

    monkeypatch.setattr(os, "readlink", going)
    assert carried_folders(tmp_path, ["link/node_modules/"]) == ()
