"""What a change can touch, so that between merges only checks run that it can turn red. Pure.

In doubt a file counts as touched. The rules, each followed on from whatever another one found:

- who imports a file, under any spelling that may mean it, is touched by it;
- who uses a name that it defines is too: any name but those of members, which are reached by way of what holds them;
  where everything used has to be imported (Python, JavaScript), and by files of another language, only a telling name
  that no other file defines;
- in Go, Java and the like also the files beside it;
- a file that stands for its folder (`__init__.py`, `conftest.py`, settings written as code) touches all in the folder;
- a changed file that leads nowhere we could follow (data, a script, what is deleted or not parsed) touches the whole
  top folder it lies in, at the root everything, and who mentions its name;
- a test that starts processes or loads code by a text may run anything, and is touched by every change; so is what
  names plugins of pytest.

Not seen is what the program itself loads by a name it makes up while it runs. So in the end all checks have to be run.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence

from ...tools.code.map.graph import telling
from ...tools.code.model import CodeTree
from ...tools.code.words import split_words
from .touch_links import BY_IMPORT, ENTRANCES, FAMILIES, Imports

_MEMBERS = frozenset(("method", "property", "section"))
_RUN_ANYTHING = (
    *("subprocess", "Popen", "create_subprocess_exec", "create_subprocess_shell", "popen"),
    *("system", "spawn", "spawnSync", "execSync", "execFile", "execa", "fork", "runpy"),
    *("import_module", "__import__", "exec", "eval", "ProcessBuilder", "Command"),
)
_TESTS = re.compile(r"(?:^|/)(?:tests?|specs?|__tests__|e2e|testing)/|(?:^|/)(?:test_|conftest\.)")
_TEST_NAME = re.compile(r"[._-](?:test|spec)s?\.\w+$|Tests?\.\w+$")
_SETTINGS = re.compile(
    r"(?:conftest|setup|noxfile|gulpfile|gruntfile|build|settings)\.\w+|.*\.config\.\w+|\..*rc\.\w+"
    r"|.*\.(?:kts|sbt|gemspec|podspec)|(?:Gem|Rake|Pod)file",
    re.IGNORECASE,
)
_FLAGS = frozenset(
    (
        *("-q", "-qq", "-v", "-vv", "-vvv", "-x", "-s", "-l", "-b", "-f", "-ra", "-rA", "-race"),
        *("--quiet", "--verbose", "--strict", "--exitfirst", "--no-header", "--runInBand"),
        *("--no-cov", "--lf", "--ff", "--check", "--noEmit", "--run", "--test", "--no-install"),
        "--",
    )
)
"""Options that take no word of their own, so that what follows is what the command is about."""
_SCRIPTS = frozenset(("bash", None))
_INTERPRETER = re.compile(r"(?:python|pypy|ruby|perl|php|lua)[\d.]*|node|deno|bun|tsx|ts-node|env")
_RUNS_TARGETS = frozenset(
    (
        *("make", "gmake", "bmake", "ninja", "just", "task", "rake", "ant", "gradle", "gradlew"),
        *("mvn", "mvnw", "sbt", "lein", "bazel", "bazelisk", "buck2", "pants", "nox", "tox"),
        *("invoke", "inv", "doit", "poe", "scons", "waf", "meson", "cmake", "composer", "npm"),
        *("pnpm", "yarn", "bun", "deno", "lerna", "nx", "turbo", "grunt", "gulp", "cargo", "mix"),
        *("rebar3", "hatch", "pdm", "rye", "swift", "dotnet", "stack", "cabal", "zig", "dune"),
    )
)
"""Programs for which a plain word is the name of something to be done, even where a folder is called the same."""
_DECIDES_NOTHING = frozenset(("cd", "export", "set", "echo", "true", ":", "source", "."))
_UNTOLD = re.compile(r"[$`*?\[\]{}~]")
_LINE = re.compile(r":\d+(?::\d+)?$")


def touched(tree: CodeTree, changed: Collection[str]) -> frozenset[str]:
    """All files that a change of these can reach, themselves included; by the rules above.

    `tree` has the change made. A name that the change took away can no longer be followed: where that matters, join
    the answer with that for the tree before.
    """
    found = set(changed)
    if not found:
        return frozenset()
    everything = sorted(tree.files)
    imports = Imports(tree, found)
    importers = imports.importers()
    waiting = sorted(found.union(_may_run_anything(tree)))
    found.update(waiting)
    first = found.intersection(changed)
    while waiting:
        reached = set(_users(tree, waiting))
        for path in waiting:
            lost = path in first and not _followed(tree, path)
            folder = path.partition("/")[0] if lost else path.rpartition("/")[0]
            if lost or _stands_for_folder(path):
                if "/" not in path:
                    return frozenset(found.union(everything))
                reached.update(_below(everything, f"{folder}/"))
            reached.update(importers.get(path, ()))
            reached.update(imports.siblings(path) if path in tree.files else ())
        lost_names = [path for path in waiting if path in first and not _followed(tree, path)]
        mentioning = _mentioning(tree, lost_names)
        if mentioning is None:
            return frozenset(found.union(everything))
        reached.update(mentioning)
        waiting = sorted(reached - found)
        found |= reached
    return frozenset(found)


def checks_touched(
    checks: Sequence[str], tree: CodeTree, changed: Collection[str]
) -> tuple[str, ...]:
    """Those of the checks that the change can turn red, in their order.

    One is left out only if each of its commands names files or folders of the tree as what it is about, and none of
    all that it names is touched. One that runs a script of the tree, or that cannot be read, stays.
    """
    reach = touched(tree, changed)
    paths = sorted(reach.union(tree.files))
    hit = sorted(reach)
    kept: list[str] = []
    for check in checks:
        named = _named(check, tree, paths)
        if named is None or any(_is_or_holds(hit, name) for name in named):
            kept.append(check)
    return tuple(kept)


def _followed(tree: CodeTree, path: str) -> bool:
    file = tree.files.get(path)
    return file is not None and file.left_out is None and file.language in FAMILIES


def _stands_for_folder(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.partition(".")[0] in ENTRANCES or _SETTINGS.fullmatch(name) is not None


def _may_run_anything(tree: CodeTree) -> Iterator[str]:
    yield from tree.definers(("pytest_plugins",)).get("pytest_plugins", ())
    users = tree.referrers(_RUN_ANYTHING)
    for paths in users.values():
        for path in paths:
            if _is_test(path):
                yield path


def _is_test(path: str) -> bool:
    return bool(_TESTS.search(path) or _TEST_NAME.search(path))


def _users(tree: CodeTree, paths: Iterable[str]) -> Iterator[str]:
    """Who refers to what these files define."""
    names: dict[str, set[str]] = {}
    for path in paths:
        if _followed(tree, path):
            language = tree.files[path].language or ""
            # Where all is imported no family shares its names.
            family = "" if language in BY_IMPORT else FAMILIES[language]
            for each in tree.symbols(path):
                if each.kind not in _MEMBERS:
                    names.setdefault(each.name, set()).add(family)
    if not names:
        return
    definers = tree.definers(name for name in names if telling(name) == 1.0)
    for name, users in tree.referrers(names).items():
        alone = len(definers.get(name, ())) == 1
        for path in users:
            if alone or FAMILIES.get(tree.files[path].language or "") in names[name]:
                yield path


def _mentioning(tree: CodeTree, paths: Sequence[str]) -> set[str] | None:
    """Who mentions the names of these files; None where one has a name that cannot be looked for."""
    words: list[str] = []
    for path in paths:
        found = split_words(path.rpartition("/")[2].partition(".")[0])
        if not found:
            return None
        words.append(found[0])
    return {path for where in tree.mentions(words).values() for path in where}


def _below(paths: Sequence[str], folder: str) -> Sequence[str]:
    """Of sorted paths those in a folder, given with `/` at its end."""
    # "0" is the character after "/".
    return paths[bisect_left(paths, folder) : bisect_left(paths, f"{folder[:-1]}0")]


def _is_or_holds(paths: Sequence[str], name: str) -> bool:
    at = bisect_left(paths, name)
    return paths[at : at + 1] == [name] or bool(_below(paths, f"{name}/"))


def _named(check: str, tree: CodeTree, paths: Sequence[str]) -> list[str] | None:
    """The files and folders that a check names; None where what it is about cannot be told from them."""
    commands = _commands(check)
    if commands is None:
        return None
    named: list[str] = []
    folder = ""
    for words in commands:
        if words[0] == "cd" and len(words) == 2 and not _UNTOLD.search(words[1]):
            folder = posixpath.normpath(posixpath.join(folder, words[1]))
            continue
        if words[0] in _DECIDES_NOTHING:
            continue
        sure = targets = False
        for at, word in enumerate(words):
            path = _path(tree, folder, word, paths)
            targets = targets or posixpath.basename(word) in _RUNS_TARGETS
            if path is None or (targets and "/" not in word and "." not in word):
                continue
            if path == "." or _UNTOLD.search(word) or _is_script(tree, path, words[:at]):
                return None
            named.append(path)
            before = words[at - 1] if at else ""
            option = before.startswith("-") and before not in _FLAGS and "=" not in before
            sure = sure or not (option or word.startswith("-"))
        if not sure:
            return None
    return named or None


def _commands(check: str) -> list[list[str]] | None:
    """The words of each simple command, without what only filters the output of another; None where unreadable."""
    lexer = shlex.shlex(check, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:
        return None
    found: list[list[str]] = [[]]
    filters: set[int] = set()
    for token in tokens:
        if token.strip("();|&\n"):
            found[-1].append(token)
        else:
            if token in ("|", "|&"):
                filters.add(len(found))
            found.append([])
    return [words for at, words in enumerate(found) if words and at not in filters]


def _path(tree: CodeTree, folder: str, word: str, paths: Sequence[str]) -> str | None:
    """The file or folder of the tree that a word names, `.` for all of it; None for no path."""
    text = word.partition("=")[2] if word.startswith("-") else word
    for spelled in dict.fromkeys((text, text.partition("::")[0], _LINE.sub("", text))):
        plain = spelled.removesuffix("...")
        if not plain:
            continue
        if plain.startswith("/"):
            plain = posixpath.relpath(plain, tree.root.as_posix())
        path = posixpath.normpath(posixpath.join(folder, plain))
        if path == "." or _is_or_holds(paths, path):
            return path
    # A pattern may stand for anything.
    return "." if _UNTOLD.search(text) and "/" in text else None


def _is_script(tree: CodeTree, path: str, before: Sequence[str]) -> bool:
    """Whether it is a program that may run whatever it likes, such as all tests; `before` are the words before it."""
    file = tree.files.get(path)
    if file is None or file.language in _SCRIPTS:
        return file is not None
    plain = [word for word in before if not word.startswith("-") and "=" not in word]
    run = not plain or _INTERPRETER.fullmatch(posixpath.basename(plain[-1])) is not None
    return run and not _is_test(path)
