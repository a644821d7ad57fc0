"""Parcels: a base goes to a store elsewhere, work is done on it there, and its commit comes home byte for byte."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.tools.errors import PersonError
from leadline.tools.git.clones import Clones
from leadline.tools.git.merging import commit_tree, merge_trees
from leadline.tools.git.parcels import pack_commits, unpack
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshots import SnapshotStore
from leadline.tools.git.store import Store, open_store

Git = Callable[..., bytes]
Scan = Callable[..., dict[str, tuple[int, bytes]]]

ODD = os.fsdecode(b'odd \n\t"quo\'ted" \\ \xff\xfe *?[x]')


@dataclass(frozen=True)
class Site:
    """A store somewhere, with the clones made from it."""

    store: Store
    clones: Clones


async def home_of(folder: Path, root: Path) -> tuple[Site, SnapshotStore]:
    at = await open_repository(root)
    store = await open_store(folder, at)
    site = Site(store, await Clones.open(store, folder / "clones", "s1"))
    return site, await SnapshotStore.open(folder, at, "s1")


async def elsewhere(folder: Path) -> Site:
    """A store with nothing in it, for a folder with nothing in it."""
    root = folder / "project"
    root.mkdir(parents=True)
    store = await open_store(folder / "state", root)
    return Site(store, await Clones.open(store, folder / "state" / "clones", "s1"))


def fill(root: Path) -> None:
    """Uncommitted work of every kind."""
    (root / "a.txt").write_bytes(b"changed\r\nends $Id$\r\n")
    (root / "src" / "b.py").unlink()
    (root / "empty").touch()
    (root / ODD).write_bytes(bytes(range(256)) * 40)
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("a.txt")
    (root / "away").symlink_to("/nowhere/\n")
    (root / "deep" / "er").mkdir(parents=True)
    (root / "deep" / "er" / "f").write_text("f\n" * 500)
    (root / ".gitmodules").write_text('[submodule "-x"]\n\turl = -u\n\tpath = ../out\n')
    (root / ".gitattributes").write_text("* text eol=crlf ident\n")


def files(store: Store) -> dict[str, bytes]:
    return {
        str(path.relative_to(store.path)): path.read_bytes()
        for path in sorted(store.path.rglob("*"))
        if path.is_file()
    }


async def test_a_base_goes_out_and_the_work_on_it_comes_home(
    repo: Path, git: Git, scan: Scan, tmp_path: Path
) -> None:
    git(repo, "commit", "--quiet", "--allow-empty", "-m", "history")
    home, snapshots = await home_of(tmp_path / "state", repo)
    await snapshots.take("earlier")
    fill(repo)
    base = await snapshots.take("start")
    away = await elsewhere(tmp_path / "away")
    outside = files(away.store)
    await unpack(away.store, await pack_commits(home.store, [base.commit]))
    new = files(away.store).keys() - outside.keys()
    assert {Path(name).suffix for name in new} <= {".pack", ".idx", ".rev"}
    assert all(name.startswith("objects/pack/") for name in new)
    assert {name: data for name, data in files(away.store).items() if name in outside} == outside

    clone = await away.clones.make(base.commit, "w1")
    assert scan(clone.root) == scan(repo)
    assert (clone.tree, clone.left_out) == (base.tree, base.left_out)
    assert git(clone.root, "status", "--porcelain") == b""
    (clone.root / "a.txt").unlink()
    (clone.root / "run.sh").chmod(0o644)
    (clone.root / "link").unlink()
    (clone.root / "link").symlink_to("deep")
    one = await away.clones.commit(clone, "one")
    (clone.root / "deep" / ODD).write_bytes(b"\x00\xff")
    two = await away.clones.commit(clone, "two")

    back = await pack_commits(away.store, [two.commit], [base.commit])
    assert len(back) < 3_000
    await unpack(home.store, back)
    walked = git(home.store.path, "rev-list", two.commit, "--not", base.commit).decode().split()
    assert walked == [two.commit, one.commit]
    assert scan((await home.clones.make(two.commit, "look")).root) == scan(clone.root)
    assert (await merge_trees(home.store, base.commit, base.commit, two.commit)).tree == two.tree
    lines = git(home.store.path, "rev-list", "--objects", two.commit).decode().splitlines()
    assert {base.commit, one.commit, two.tree} <= {line.split(" ")[0] for line in lines}


async def test_what_landed_meanwhile_follows_as_the_difference(
    repo: Path, git: Git, scan: Scan, tmp_path: Path
) -> None:
    (repo / "large.bin").write_bytes(os.urandom(200_000))
    home, snapshots = await home_of(tmp_path / "state", repo)
    base = await snapshots.take("start")
    away = await elsewhere(tmp_path / "away")
    await unpack(away.store, await pack_commits(home.store, [base.commit]))
    clone = await home.clones.make(base, "w1")
    (clone.root / "a.txt").write_text("landed\n")
    work = await home.clones.commit(clone, "work")
    onto = await commit_tree(home.store, work.tree, [base.commit, work.commit], "Land w1")
    parcel = await pack_commits(home.store, [onto], [base.commit])
    assert len(parcel) < 3_000
    await unpack(away.store, parcel)
    await unpack(away.store, parcel)
    assert scan((await away.clones.make(onto, "w2")).root) == scan(clone.root)
    parents = git(away.store.path, "log", "-1", "--format=%P", onto).decode().split()
    assert parents == [base.commit, work.commit]
    assert git(away.store.path, "cat-file", "-t", work.commit) == b"commit\n"


async def test_a_base_goes_on_from_a_store_that_has_no_history_of_it(
    repo: Path, scan: Scan, tmp_path: Path
) -> None:
    home, snapshots = await home_of(tmp_path / "state", repo)
    await snapshots.take("earlier")
    (repo / "new").write_text("new\n")
    base = await snapshots.take("start")
    near, far = await elsewhere(tmp_path / "near"), await elsewhere(tmp_path / "far")
    await unpack(near.store, await pack_commits(home.store, [base.commit]))
    await unpack(far.store, await pack_commits(near.store, [base.commit]))
    assert scan((await far.clones.make(base.commit, "w1")).root) == scan(repo)


async def test_nothing_new_is_a_parcel_too(repo: Path, tmp_path: Path) -> None:
    home, snapshots = await home_of(tmp_path / "state", repo)
    base = await snapshots.take("start")
    away = await elsewhere(tmp_path / "away")
    await unpack(away.store, await pack_commits(home.store, [base.commit], [base.commit]))
    with pytest.raises(PersonError):
        await away.clones.make(base.commit, "w1")


@pytest.mark.parametrize("form", ["sha1", "sha256"])
async def test_the_ids_of_the_other_form_are_refused(tmp_path: Path, git: Git, form: str) -> None:
    root = tmp_path / "root"
    git(tmp_path, "init", "--quiet", f"--object-format={form}", str(root))
    (root / "f").write_text("f\n")
    home, snapshots = await home_of(tmp_path / "state", root)
    base = await snapshots.take("start")
    parcel = await pack_commits(home.store, [base.commit])
    other = tmp_path / "other"
    same = tmp_path / "same"
    git(tmp_path, "init", "--quiet", f"--object-format={form}", str(same))
    git(tmp_path, "init", "--quiet", "--object-format=" + _other(form), str(other))
    there, _ = await home_of(tmp_path / "state", same)
    await unpack(there.store, parcel)
    assert (await there.clones.make(base.commit, "w1")).tree == base.tree
    wrong, _ = await home_of(tmp_path / "state", other)
    before = files(wrong.store)
    with pytest.raises(PersonError, match="taken in"):
        await unpack(wrong.store, parcel)
    assert files(wrong.store) == before


def _other(form: str) -> str:
    return "sha256" if form == "sha1" else "sha1"


async def test_damage_anywhere_is_noticed_and_leaves_nothing(repo: Path, tmp_path: Path) -> None:
    home, snapshots = await home_of(tmp_path / "state", repo)
    await snapshots.take("earlier")
    fill(repo)
    base = await snapshots.take("start")
    parcel = await pack_commits(home.store, [base.commit])
    away = await elsewhere(tmp_path / "away")
    before = files(away.store)
    cuts = [0, 5, 40, len(parcel) // 2, len(parcel) - 1]
    broken = [parcel[:at] for at in cuts]
    spots = range(3, len(parcel), len(parcel) // 25)
    broken += [parcel[:at] + bytes([parcel[at] ^ 0x41]) + parcel[at + 1 :] for at in spots]
    broken += [parcel + b"x", b"../../x", parcel.replace(b"open: ", b"open: ../", 1)]
    for data in broken:
        with pytest.raises(PersonError, match="could not be taken in"):
            await unpack(away.store, data)
        assert files(away.store) == before
        assert not list((away.store.path / "objects").glob("parcel-*"))
    await unpack(away.store, parcel)


def pack(*objects: bytes) -> bytes:
    """A parcel with a pack of these objects, its checksum right."""
    body = b"PACK\x00\x00\x00\x02" + len(objects).to_bytes(4, "big") + b"".join(objects)
    return b"leadline-parcel: 1\n\n" + body + hashlib.sha1(body).digest()


def packed(kind: int, content: bytes, size: int | None = None) -> bytes:
    left = len(content) if size is None else size
    head = [kind << 4 | left & 15]
    left >>= 4
    while left:
        head[-1] |= 128
        head.append(left & 127)
        left >>= 7
    return bytes(head) + zlib.compress(content)


async def test_what_git_would_not_have_made_is_refused(tmp_path: Path) -> None:
    away = await elsewhere(tmp_path / "away")
    before = files(away.store)
    blob = hashlib.sha1(b"blob 1\0x").digest()
    one = packed(3, b"x")
    giant = packed(3, b"", 1 << 40)
    # A change of one byte that says it comes to a terabyte.
    swollen = packed(7, b"\x01" + b"\x80\x80\x80\x80\x80\x20")
    swollen = swollen[:1] + blob + swollen[1:]
    bad: list[tuple[bytes, str]] = [
        (pack(one, packed(2, b"100644 .git\0" + blob)), "taken in"),
        (pack(one, packed(2, b"100644 ..\0" + blob)), "taken in"),
        (pack(one, packed(2, b"100644 a/b\0" + blob)), "taken in"),
        (pack(one, packed(2, b"100644 b\0" + blob + b"100644 a\0" + blob)), "taken in"),
        (pack(packed(2, b"100644 gone\0" + b"\x01" * 20)), "taken in"),
        (pack(packed(1, b"tree " + b"1" * 40 + b"\n\nx\n")), "taken in"),
        (pack(giant), "another size"),
        (pack(one, swollen), "too large"),
        (pack(packed(3, b"x", 2)), "another size"),
        (pack(one)[:-20], "taken in"),
    ]
    for data, reason in bad:
        with pytest.raises(PersonError, match=reason):
            await unpack(away.store, data)
        assert files(away.store) == before
    await unpack(away.store, pack(one, packed(2, b"100644 fine\0" + blob)))


async def test_an_incomplete_base_cannot_be_sent(repo: Path, tmp_path: Path) -> None:
    (repo / "a.txt").write_text("only in the store\n")
    home, snapshots = await home_of(tmp_path / "state", repo)
    base = await snapshots.take("start")
    gone = home.store.blob_id(b"only in the store\n")
    (home.store.path / "objects" / gone[:2] / gone[2:]).unlink()
    with pytest.raises(PersonError):
        await pack_commits(home.store, [base.commit])
    with pytest.raises(PersonError, match="not the id"):
        await pack_commits(home.store, ["--all"])
    with pytest.raises(PersonError, match="not the id"):
        await pack_commits(home.store, [base.commit], ["HEAD"])


NAMES = st.sampled_from([b"a", b"b", b"d", b"\xff\n", b"A", b"sp ace", b".gitattributes"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: os.fsdecode(b"/".join(parts)))
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "remove", "link", "mode"]),
        PATHS,
        st.one_of(st.sampled_from([b"", b"x\r\n", b"* text eol=crlf\n"]), st.binary(max_size=9)),
    ),
    max_size=8,
)


def edit(root: Path, kind: str, path: str, content: bytes) -> None:
    """One edit, whatever is in its way removed."""
    target = root / path
    for parent in reversed(target.relative_to(root).parents):
        full = root / parent
        if full.is_symlink() or (full.exists() and not full.is_dir()):
            full.unlink()
    if kind == "mode":
        if target.is_file() and not target.is_symlink():
            target.chmod(target.stat().st_mode ^ 0o111)
        return
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    if kind == "remove":
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if kind == "write":
        target.write_bytes(content)
    else:
        target.symlink_to(os.fsdecode(content.replace(b"\0", b"") or b"x"))


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=EDITS, then=EDITS)
def test_any_tree_is_the_same_on_both_sides(
    scan: Scan, first: list[tuple[str, str, bytes]], then: list[tuple[str, str, bytes]]
) -> None:
    async def law(folder: Path) -> None:
        root = folder / "root"
        for one in first:
            edit(root, *one)
        home, snapshots = await home_of(folder / "state", root)
        base = await snapshots.take("start", {path for _, path, _ in first})
        away = await elsewhere(folder / "away")
        await unpack(away.store, await pack_commits(home.store, [base.commit]))
        clone = await away.clones.make(base.commit, "w1")
        assert scan(clone.root) == scan(root)
        for one in then:
            edit(clone.root, *one)
        made = await away.clones.commit(clone, "work")
        await unpack(home.store, await pack_commits(away.store, [made.commit], [base.commit]))
        assert scan((await home.clones.make(made.commit, "w1")).root) == scan(clone.root)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        subprocess.run(["git", "init", "--quiet", folder / "root"], check=True)
        asyncio.run(law(folder))
