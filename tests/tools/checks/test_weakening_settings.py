"""What is pointed out outside of the tests: configuration, scripts, hooks, pipelines."""

from __future__ import annotations

import pytest
from leadline.tools.checks.weakening import FileChange, weakened_tests


def said(*changes: FileChange) -> list[str]:
    return [
        f"{f'{found.line} ' if found.line else ''}{'(soft) ' if found.soft else ''}{found.what}"
        for found in weakened_tests(changes)
    ]


SETTINGS: list[tuple[str, str, str, list[str]]] = [
    (
        "Makefile",
        "test:\n\tpytest\n",
        "test:\n\tpytest || true\n",
        ["1 (soft) the target `test` changed", "2 a failure is swallowed: pytest || true"],
    ),
    (
        "Makefile",
        "test:\n\tpytest\n",
        "test:\n\t-pytest\n",
        ["1 the target `test` ignores failures"],
    ),
    ("Makefile", "test:\n\tpytest\n", "all:\n\techo\n", ["the target `test` is gone"]),
    ("Makefile", "test:\n\tpytest\n", "test:\n\tpytest\nlint:\n\truff .\n", []),
    (
        "pyproject.toml",
        '[tool.pytest.ini_options]\naddopts = "-q"\n',
        '[tool.pytest.ini_options]\naddopts = "-q --ignore=tests/x"\n',
        ['2 tests are left out: addopts = "-q --ignore=tests/x"'],
    ),
    (
        "pyproject.toml",
        '[tool.pytest.ini_options]\naddopts = "-q"\n',
        '[tool.pytest.ini_options]\naddopts = "-q -k fast"\n',
        ['2 tests are left out: addopts = "-q -k fast"'],
    ),
    (
        "pytest.ini",
        "[pytest]\ntestpaths = tests\n",
        "[pytest]\ntestpaths = tests/a\n",
        ["2 (soft) pytest's configuration changed: testpaths = tests/a"],
    ),
    ("pyproject.toml", 'dependencies = ["a"]\n', 'dependencies = ["a", "b"]\n', []),
    (
        "conftest.py",
        "import pytest\n",
        "import pytest\ndef pytest_collection_modifyitems(items):\n    items.clear()\n",
        ["2 `pytest_collection_modifyitems` added, which can drop tests or hide that they failed"],
    ),
    (
        "tests/conftest.py",
        "",
        'collect_ignore = ["test_x.py"]\n',
        ["1 `collect_ignore` added, which can drop tests or hide that they failed"],
    ),
    ("conftest.py", "", "import pytest\n\n@pytest.fixture\ndef shop(): ...\n", []),
    (
        "package.json",
        '{"scripts": {"test": "jest"}}',
        '{"scripts": {"test": "jest || true"}}',
        ["1 the script `test` hears less: jest || true"],
    ),
    (
        "package.json",
        '{"scripts": {"test": "jest"}}',
        '{"scripts": {"test": "echo fine"}}',
        ["1 the script `test` hears less: echo fine"],
    ),
    (
        "package.json",
        '{"scripts": {"test": "jest"}}',
        '{"scripts": {"test": "jest -i"}}',
        ["1 (soft) the script `test` changed: jest -i"],
    ),
    ("package.json", '{"scripts": {"test": "jest"}}', "{}", ["the script `test` is gone"]),
    ("package.json", '{"version": "1"}', '{"version": "2"}', []),
    (
        "jest.config.js",
        "module.exports = {\n};\n",
        'module.exports = {\n  testPathIgnorePatterns: ["x"],\n};\n',
        ['2 tests are left out: testPathIgnorePatterns: ["x"],'],
    ),
    (
        ".github/workflows/test.yml",
        "- run: make test\n",
        "- run: make test\n  continue-on-error: true\n",
        ["2 a failure is swallowed: continue-on-error: true"],
    ),
    ("run_tests.sh", "set -e\npytest\n", "set +e\npytest\n", ["1 a failure is swallowed: set +e"]),
    (
        "src/__snapshots__/a.snap",
        "exports[`a`] = 1",
        "exports[`a`] = 2",
        ["(soft) recorded output changed"],
    ),
]


@pytest.mark.parametrize(("path", "before", "after", "expected"), SETTINGS)
def test_settings(path: str, before: str, after: str, expected: list[str]) -> None:
    assert said(FileChange(path, before, after)) == expected


def test_a_new_makefile_and_a_new_manifest_are_no_weakening() -> None:
    assert said(FileChange("Makefile", None, "test:\n\tpytest\n")) == []
    assert said(FileChange("package.json", None, '{"scripts": {"test": "jest"}}')) == []
