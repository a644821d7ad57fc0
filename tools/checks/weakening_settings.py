"""Changes outside the tests that decide whether tests run and whether their failure is heard of."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import cast

from .model import FileChange, Weakening

_SWALLOWS = re.compile(
    r"\|\|\s*(?:true|:|exit 0|echo\b)|;\s*(?:true|exit 0)\s*[\"']?,?$|\bset \+e\b"
    r"|\bcontinue-on-error:\s*true\b|\ballow_failure:\s*true\b|\bignoreFailures\s*=?\s*true\b"
    r"|\btestFailureIgnore\b.*\btrue\b"
)
_LEAVES_OUT = re.compile(
    r"--ignore(?:-glob)?\b|--deselect\b|(?<![\w-])-k[ =]|(?<![\w-])-m[ =]+[\"']?not\b|--co(?:llect-only)?\b"
    r"|\bcollect_ignore|--passWithNoTests\b|\bpassWithNoTests:\s*true|\btestNamePattern\b"
    r"|testPathIgnorePatterns|--(?:exclude|skip)\b|(?<![\w-])-p no:|\bDskipTests\b"
    r"|\bmaven\.test\.skip\b|^\s*(?:test|harness|doctest)\s*=\s*false|--if-present\b"
)
_PYTEST_KEYS = re.compile(
    r"^\s*(?:addopts|testpaths|python_files|python_functions|python_classes|norecursedirs"
    r"|xfail_strict)\s*="
)
_HOOKS = re.compile(
    r"def (pytest_collection_modifyitems|pytest_runtest_makereport|pytest_ignore_collect"
    r"|pytest_sessionfinish|pytest_runtest_call|pytest_pyfunc_call|pytest_runtest_protocol"
    r"|pytest_report_teststatus|pytest_deselected)\b|\b(collect_ignore(?:_glob)?)\s*="
    r"|\b(session\.exitstatus|\w+\.outcome)\s*=[^=]|\b(os\._exit)\("
)
_PYTEST_FILES = frozenset(["pyproject.toml", "pytest.ini", ".pytest.ini", "setup.cfg", "tox.ini"])
_RUNNER_FILE = re.compile(r"^(?:jest|vitest|vite|karma|playwright)\.config\.\w+$|^\.mocharc")
_BUILD_FILES = frozenset(
    [
        *("Makefile", "makefile", "GNUmakefile", "justfile", "noxfile.py", "Cargo.toml"),
        *("pom.xml", "build.gradle", "build.gradle.kts", "Taskfile.yml"),
        *(".gitlab-ci.yml", "azure-pipelines.yml"),
    ]
)
_TEST_TARGET = re.compile(r"^(?:test|check|tests|verify)[\w-]*\s*:(?!=)")
_RECORDED = re.compile(r"(?:^|/)(?:__snapshots__|snapshots)/|\.(?:snap|ambr|golden)$")


def weakened_settings(change: FileChange) -> Iterator[Weakening]:
    """What a change to one file takes away from the tests, other than by changing a test."""
    path = PurePosixPath(change.path)
    if change.before is not None and _RECORDED.search(change.path):
        what = "recorded output deleted" if change.after is None else "recorded output changed"
        yield Weakening(change.path, None, what, soft=True)
    if change.after is None:
        return
    if path.name == "conftest.py":
        yield from _conftest(change)
    if path.name == "package.json":
        yield from _package_scripts(change)
    elif _concerns_tests(path):
        yield from _added_lines(change)
    if path.name in _PYTEST_FILES:
        yield from _pytest_keys(change)
    if path.name.lower().endswith("makefile"):
        yield from _make_target(change)


def _concerns_tests(path: PurePosixPath) -> bool:
    name = path.name
    pipeline = ".github" in path.parts or ".ci" in path.parts or ".circleci" in path.parts
    known = name in _PYTEST_FILES or name in _BUILD_FILES or _RUNNER_FILE.match(name) is not None
    return pipeline or known or path.suffix in (".sh", ".bash")


def _added(change: FileChange) -> list[tuple[int, str]]:
    """Lines of the new text that the old one has not, with their numbers."""
    left = Counter(line.strip() for line in (change.before or "").splitlines())
    added: list[tuple[int, str]] = []
    for at, line in enumerate((change.after or "").splitlines(), 1):
        text = line.strip()
        if left[text]:
            left[text] -= 1
        elif text and not text.startswith(("#", "//")):
            added.append((at, line))
    return added


def _added_lines(change: FileChange) -> Iterator[Weakening]:
    old = change.before or ""
    for at, line in _added(change):
        swallows, leaves = _SWALLOWS.search(line), _LEAVES_OUT.search(line)
        if swallows and swallows[0] not in old:
            yield Weakening(change.path, at, f"a failure is swallowed: {line.strip()[:120]}")
        elif leaves and leaves[0] not in old:
            yield Weakening(change.path, at, f"tests are left out: {line.strip()[:120]}")


def _pytest_keys(change: FileChange) -> Iterator[Weakening]:
    if change.before is None:
        return
    for at, line in _added(change):
        if _PYTEST_KEYS.match(line) and not _LEAVES_OUT.search(line):
            what = f"pytest's configuration changed: {line.strip()[:120]}"
            yield Weakening(change.path, at, what, soft=True)


def _conftest(change: FileChange) -> Iterator[Weakening]:
    for at, line in _added(change):
        if hook := _HOOKS.search(line):
            name = next(group for group in hook.groups() if group)
            what = f"`{name}` added, which can drop tests or hide that they failed"
            yield Weakening(change.path, at, what)


def _package_scripts(change: FileChange) -> Iterator[Weakening]:
    before, after = _scripts(change.before), _scripts(change.after)
    for name, was in before.items():
        now = after.get(name)
        if now == was or not re.match(r"(?:pre|post)?test\b", name):
            continue
        at = _line_of(change.after or "", f'"{name}"')
        if now is None:
            yield Weakening(change.path, None, f"the script `{name}` is gone")
        elif _SWALLOWS.search(now) or _LEAVES_OUT.search(now) or _runs_nothing(now):
            yield Weakening(change.path, at, f"the script `{name}` hears less: {now[:120]}")
        else:
            yield Weakening(change.path, at, f"the script `{name}` changed: {now[:120]}", soft=True)
    for at, line in _added(change):
        if re.search(r"testPathIgnorePatterns|\"passWithNoTests\":\s*true|testNamePattern", line):
            yield Weakening(change.path, at, f"tests are left out: {line.strip()[:120]}")


def _runs_nothing(script: str) -> bool:
    return re.match(r"\s*(?:echo|true|exit 0|:)(?:\s[^&;|]*)?$", script) is not None


def _scripts(text: str | None) -> dict[str, str]:
    try:
        parsed: object = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    manifest = cast("dict[str, object]", parsed) if isinstance(parsed, dict) else {}
    scripts = manifest.get("scripts")
    rows = cast("dict[str, object]", scripts) if isinstance(scripts, dict) else {}
    return {name: script for name, script in rows.items() if isinstance(script, str)}


def _line_of(text: str, wanted: str) -> int | None:
    return next((at for at, line in enumerate(text.splitlines(), 1) if wanted in line), None)


def _make_target(change: FileChange) -> Iterator[Weakening]:
    """A changed recipe of a test target; what swallows a failure is told by `_added_lines`."""
    before, after = _recipes(change.before), _recipes(change.after)
    for target, (_, was) in before.items():
        at, now = after.get(target, (None, None))
        if now is None:
            yield Weakening(change.path, None, f"the target `{target}` is gone")
        elif now != was:
            ignores = [line for line in now if line.startswith("-") and line not in was]
            what = f"the target `{target}` " + ("ignores failures" if ignores else "changed")
            yield Weakening(change.path, at, what, soft=not ignores)


def _recipes(text: str | None) -> dict[str, tuple[int, list[str]]]:
    found: dict[str, tuple[int, list[str]]] = {}
    target: str | None = None
    for at, line in enumerate((text or "").splitlines(), 1):
        if line.startswith("\t"):
            if target:
                found[target][1].append(line.strip().lstrip("@"))
        elif line.strip():
            target = line.partition(":")[0].strip() if _TEST_TARGET.match(line) else None
            if target:
                found[target] = (at, [])
    return found
