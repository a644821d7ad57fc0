from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tools.errors import PersonError, ToolError
from leadline.tools.sandbox.base import Sandbox
from leadline.tools.sandbox.bubblewrap import Bubblewrap
from leadline.tools.sandbox.landlock import Landlock, carve, rules
from leadline.tools.sandbox.places import git_places, make_policy
from leadline.tools.sandbox.policy import Access, Policy
from leadline.tools.sandbox.sockets import reachable_sockets

if TYPE_CHECKING:
    from .conftest import Scene

HOME = Path("/home/u")
EXAMPLE = Policy(
    root=HOME / "state/w1",
    writable=(HOME / "cache",),
    read_only=(HOME / "state/w1/.git", HOME / "state/outputs"),
    hidden=(HOME / "state", HOME / ".ssh"),
    temp=HOME / "state/temp",
)


@pytest.mark.parametrize(
    ("path", "access"),
    [
        ("/etc/passwd", Access.READ),
        ("/home/u/notes", Access.READ),
        ("/home/u/.ssh/id", Access.HIDDEN),
        ("/home/u/.sshx", Access.READ),
        ("/home/u/state/journal", Access.HIDDEN),
        ("/home/u/state/w1", Access.WRITE),
        ("/home/u/state/w1/src/a", Access.WRITE),
        ("/home/u/state/w1/.git/config", Access.READ),
        ("/home/u/state/w10/x", Access.HIDDEN),
        ("/home/u/state/outputs/1", Access.READ),
        ("/home/u/state/temp/x", Access.WRITE),
        ("/home/u/cache/x", Access.WRITE),
    ],
)
def test_the_deepest_place_decides(path: str, access: Access) -> None:
    assert EXAMPLE.access(Path(path)) == access


def test_a_place_named_twice_gets_the_lesser_access() -> None:
    root = Path("/w")
    policy = Policy(root, (), (root,), (), Path("/t"))
    assert policy.access(root / "x") == Access.READ
    assert Policy(root, (), (root,), (root,), Path("/t")).access(root) == Access.HIDDEN


def test_secrets_that_exist_are_hidden_and_others_are_not_named(scene: Scene) -> None:
    hidden = scene.policy().hidden
    assert {scene.home / ".ssh", scene.home / ".netrc", scene.state} <= set(hidden)
    assert scene.home / ".aws" not in hidden
    assert all(path.exists() for path in hidden)


@pytest.mark.parametrize("variable", ["KUBECONFIG", "GNUPGHOME", "DOCKER_HOST"])
def test_secrets_that_a_variable_names_are_hidden(scene: Scene, variable: str) -> None:
    place = scene.outside / "file"
    prefix = "unix://" if variable == "DOCKER_HOST" else ""
    assert place in policy_with(scene, {variable: f"{prefix}{place}"}).hidden


def test_a_variable_cannot_hide_what_everything_needs(scene: Scene) -> None:
    for place in ("/dev/null", "/", str(scene.home), str(scene.home.parent), "/tmp", "relative"):
        before = scene.policy()
        assert policy_with(scene, {"NETRC": place}) == before


def test_the_working_tree_is_never_hidden(scene: Scene) -> None:
    tree = scene.home / ".config/gh"
    policy = scene.policy(tree)
    assert policy.access(tree / "hosts.yml") == Access.WRITE
    assert policy.access(scene.home / ".ssh/x") == Access.HIDDEN


def test_the_whole_file_system_is_no_working_tree(scene: Scene) -> None:
    with pytest.raises(PersonError):
        scene.policy(Path("/"))


def test_git_of_a_plain_repository_and_of_a_folder_in_it(scene: Scene) -> None:
    assert git_places(scene.root) == [scene.root / ".git"]
    assert git_places(scene.root / "src") == [scene.root / ".git"]


def test_git_of_a_linked_worktree(scene: Scene, run_git: Callable[..., None]) -> None:
    tree = scene.base / "linked"
    run_git(scene.root, "worktree", "add", "-q", str(tree))
    expected = {tree / ".git", scene.root / ".git", scene.root / ".git/worktrees/linked"}
    assert set(git_places(tree)) == expected


def test_git_behind_a_link_is_found_where_it_is(scene: Scene) -> None:
    (scene.root / ".git").rename(scene.base / "elsewhere")
    (scene.root / ".git").symlink_to(scene.base / "elsewhere")
    assert git_places(scene.root) == [scene.base / "elsewhere"]


def test_borrowed_objects_stay_readable(scene: Scene, run_git: Callable[..., None]) -> None:
    clone = scene.base / "clone"
    run_git(scene.base, "clone", "-q", "--shared", str(scene.root), str(clone))
    assert scene.root / ".git/objects" in git_places(clone)


@pytest.mark.parametrize("pointer", ["/etc", "/", "../home/.ssh", "", "nowhere", "\0"])
def test_a_git_file_can_name_only_what_looks_like_git(scene: Scene, pointer: str) -> None:
    tree = scene.base / "other"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {pointer}\n")
    assert git_places(tree) == [tree / ".git"]


def test_nested_repositories_are_found_to_a_depth(scene: Scene) -> None:
    for name in ("src/one/.git", "src/x/y/z/.git", "node_modules/p/.git", "src/link"):
        (scene.root / name).mkdir(parents=True)
    (scene.root / ".gitmodules").write_text('[submodule "z"]\n\tpath = src/x/y/z\n\turl = u\n')
    found = git_places(scene.root)
    assert scene.root / "src/one/.git" in found
    assert scene.root / "src/x/y/z/.git" in found
    assert scene.root / "node_modules/p/.git" not in found


NAMES = st.sampled_from(["a", "b", "a/x", "a/y", "b/x", "a/x/deep", "b/link", "none"])


@given(st.lists(NAMES, max_size=4), NAMES)
def test_carving_leaves_exactly_the_holes_out(
    tmp_path_factory: pytest.TempPathFactory, holes: list[str], probe: str
) -> None:
    base = tmp_path_factory.getbasetemp() / f"carve-{os.getpid()}"
    if not base.exists():
        for name in ("a/x/deep", "a/y", "b/x"):
            (base / name).mkdir(parents=True)
        (base / "b/link").symlink_to(base / "a")
    carved = carve(str(base), [str(base / hole) for hole in holes])
    path = base / probe
    covered = any(path.is_relative_to(one) for one in carved)
    in_hole = any(path.is_relative_to(base / hole) for hole in holes)
    holds_hole = any((base / hole).is_relative_to(path) for hole in holes)
    assert not (covered and (in_hole or holds_hole))
    if not in_hole and not holds_hole and path.exists() and not path.is_symlink():
        assert covered


def test_landlock_rules_follow_the_policy(scene: Scene) -> None:
    policy = scene.policy()
    write_file, read_file = 1 << 1, 1 << 2
    for path, rights in rules(policy):
        place = Path(path)
        if place.is_relative_to("/dev"):
            continue
        if rights & write_file:
            assert policy.access(place) == Access.WRITE
            assert not (scene.root / ".git").is_relative_to(place)
        if rights & read_file:
            assert policy.access(place) != Access.HIDDEN
            assert not (scene.home / ".ssh").is_relative_to(place)


def policy_with(scene: Scene, variables: Mapping[str, str]) -> Policy:
    return make_policy(
        scene.root,
        temp=scene.temp,
        home=scene.home,
        environ=scene.environ | dict(variables),
        leadline_home=scene.state,
        readable=[scene.state / "outputs"],
    )


@pytest.mark.timeout(20)
def test_pipes_in_the_places_of_git_are_not_waited_for(scene: Scene) -> None:
    """A command can put them there, and the next one is held back by none."""
    entry = scene.root / "nested" / ".git"
    for folder in (entry / "objects" / "info", scene.root / "other"):
        folder.mkdir(parents=True)
    (entry / "HEAD").write_text("ref: refs/heads/main\n")
    for pipe in (
        entry / "objects" / "info" / "alternates",
        scene.root / ".gitmodules",
        scene.root / "other" / ".git",
    ):
        os.mkfifo(pipe)
    assert entry in scene.policy().read_only
    (entry / "commondir").symlink_to("/dev/zero")
    assert entry in scene.policy().read_only


def test_names_that_are_too_long_in_the_places_of_git(scene: Scene) -> None:
    long = "x" * 300
    nested = scene.root / "nested"
    nested.mkdir()
    (scene.root / ".gitmodules").write_text(f"[submodule]\n\tpath = link\n\tpath = {long}\n")
    (scene.root / "link").symlink_to(long)
    (nested / ".git").write_text(f"gitdir: {long}\n")
    assert nested / ".git" in scene.policy().read_only
    (nested / ".git").unlink()
    (nested / ".git").symlink_to(long)
    assert scene.root / ".git" in scene.policy().read_only


def test_a_link_among_the_programs_that_goes_as_it_is_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scene.root / "bin").symlink_to("/usr/bin")
    read, gone = os.readlink, [0]

    def going(path: str, **more: int | None) -> str:
        if str(path) == str(scene.root / "bin") and gone[0] < 2:
            gone[0] += 1
            raise FileNotFoundError(path)
        return read(path, **more)

    monkeypatch.setattr(os, "readlink", going)
    environ = {**scene.environ, "PATH": f"{scene.root}/bin:/usr/bin"}
    make_policy(scene.root, temp=scene.temp, home=scene.home, environ=environ)
    assert gone[0] == 2


@pytest.mark.parametrize("sandbox", [Bubblewrap("/usr/bin/bwrap", None), Landlock(3, "x86_64")])
def test_a_tree_that_is_gone_is_told(scene: Scene, sandbox: Sandbox) -> None:
    policy = scene.policy()
    scene.root.rename(scene.base / "away")
    with pytest.raises(ToolError, match="Commands cannot be run"):
        sandbox.command(("true",), policy)


def test_a_socket_that_nobody_may_look_at_is_none_to_cover(scene: Scene) -> None:
    """The kernel lists it by its name all the same."""
    folder = scene.outside / "service"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "s"))
        assert folder / "s" in reachable_sockets(scene.policy())
        folder.rename(scene.outside / "moved")
        folder.symlink_to("x" * 300)  # as one finds a folder that is closed
        assert folder / "s" not in reachable_sockets(scene.policy())
