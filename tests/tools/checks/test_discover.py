"""Which checks are found for which trees."""

from __future__ import annotations

import pytest
from leadline.tools.checks.discover import MAX_CHECKS, find_checks
from leadline.tools.checks.model import Check

PLAIN = "def test_a():\n    assert 1\n"
CASES = "import unittest\n\nclass T(unittest.TestCase):\n    def test_a(self): ...\n"
PYTEST_INI = "[tool.pytest.ini_options]\n"


def package(test: str, **more: str) -> str:
    extra = "".join(f', "{key}": {value}' for key, value in more.items())
    return f'{{"scripts": {{"test": "{test}"}}{extra}}}'


TREES: list[tuple[str, dict[str, str], list[tuple[str, str, str]]]] = [
    ("nothing", {"README.md": ""}, []),
    (
        "pytest by pyproject",
        {"pyproject.toml": PYTEST_INI, "app.py": ""},
        [("python3 -m pytest -q", "pytest", "pyproject.toml")],
    ),
    (
        "pytest among the development requirements",
        {"pyproject.toml": '[dependency-groups]\ndev = ["pytest>=8"]\n'},
        [("python3 -m pytest -q", "pytest", "pyproject.toml")],
    ),
    (
        "a plugin of pytest is not pytest, and broken TOML is nothing",
        {"pyproject.toml": 'dependencies = ["pytest-like"\n'},
        [],
    ),
    (
        "pytest in setup.cfg",
        {"setup.cfg": "[tool:pytest]\n"},
        [("python3 -m pytest -q", "pytest", "setup.cfg")],
    ),
    (
        "pytest in tox.ini",
        {"tox.ini": "[tox]\n[pytest]\n"},
        [("python3 -m pytest -q", "pytest", "tox.ini")],
    ),
    ("tox alone", {"tox.ini": "[tox]\n"}, []),
    (
        "plain test functions",
        {"tests/test_a.py": PLAIN},
        [("python3 -m pytest -q", "pytest", "tests/test_a.py")],
    ),
    (
        "unittest in a folder that is no package",
        {"tests/test_a.py": CASES},
        [("python3 -m unittest discover -s tests", "unittest", "tests/test_a.py")],
    ),
    (
        "unittest in a package",
        {"tests/__init__.py": "", "tests/test_a.py": CASES},
        [("python3 -m unittest discover", "unittest", "tests/test_a.py")],
    ),
    (
        "unittest with another name",
        {"cart_test.py": CASES},
        [('python3 -m unittest discover -p "*_test.py"', "unittest", "cart_test.py")],
    ),
    (
        "unittest cases where a lock file has pytest",
        {"tests/test_a.py": CASES, "uv.lock": '[[package]]\nname = "pytest"\n'},
        [("python3 -m pytest -q", "pytest", "uv.lock")],
    ),
    (
        "unittest cases where the requirements have pytest",
        {"tests/test_a.py": CASES, "requirements-dev.txt": "attrs\npytest==8.4\n"},
        [("python3 -m pytest -q", "pytest", "requirements-dev.txt")],
    ),
    (
        "mixed cases",
        {"tests/test_a.py": CASES, "tests/test_b.py": "import pytest\n" + PLAIN},
        [("python3 -m pytest -q", "pytest", "tests/test_b.py")],
    ),
    (
        "the project's environment, which is not tracked",
        {"pytest.ini": "[pytest]\n", ".venv/pyvenv.cfg": "(untracked)"},
        [(".venv/bin/python -m pytest -q", "pytest", "pytest.ini")],
    ),
    (
        "an environment by its other name",
        {"pytest.ini": "[pytest]\n", "venv/pyvenv.cfg": "(untracked)"},
        [("venv/bin/python -m pytest -q", "pytest", "pytest.ini")],
    ),
    ("npm", {"package.json": package("jest")}, [("npm test", "npm", "package.json")]),
    (
        "npm's placeholder",
        {"package.json": package('echo \\"Error: no test specified\\" && exit 1')},
        [],
    ),
    (
        "pnpm by lock",
        {"package.json": package("jest"), "pnpm-lock.yaml": ""},
        [("pnpm test", "pnpm", "package.json")],
    ),
    (
        "yarn by lock",
        {"package.json": package("jest"), "yarn.lock": ""},
        [("yarn test", "yarn", "package.json")],
    ),
    (
        "bun by lock",
        {"package.json": package("bun test"), "bun.lock": ""},
        [("bun run test", "bun", "package.json")],
    ),
    (
        "the named manager wins",
        {"package.json": package("jest", packageManager='"pnpm@9.1.0"'), "package-lock.json": ""},
        [("pnpm test", "pnpm", "package.json")],
    ),
    (
        "a runner that watches runs once",
        {"package.json": package("vitest")},
        [("CI=true npm test", "npm", "package.json")],
    ),
    (
        "a runner that does not watch",
        {"package.json": package("vitest run")},
        [("npm test", "npm", "package.json")],
    ),
    (
        "no script but a runner",
        {"package.json": '{"devDependencies": {"vitest": "^4"}}'},
        [("npx --no-install vitest run", "vitest", "package.json")],
    ),
    ("broken package.json", {"package.json": "{"}, []),
    ("odd package.json", {"package.json": '{"scripts": ["test"]}'}, []),
    ("go", {"go.mod": "module x\n"}, [("go test ./...", "go", "go.mod")]),
    (
        "go modules side by side",
        {"go.mod": "", "tool/go.mod": ""},
        [("go test ./...", "go", "go.mod"), ("cd tool && go test ./...", "go", "tool/go.mod")],
    ),
    (
        "cargo",
        {"Cargo.toml": "[package]\n", "src/lib.rs": ""},
        [("cargo test", "cargo", "Cargo.toml")],
    ),
    (
        "a cargo workspace reaches its members",
        {"Cargo.toml": "[package]\n[workspace]\n", "sub/Cargo.toml": "[package]\n"},
        [("cargo test --workspace", "cargo", "Cargo.toml")],
    ),
    (
        "gradle and its wrapper",
        {"build.gradle": "", "gradlew": ""},
        [("./gradlew test", "gradle", "gradlew")],
    ),
    ("maven", {"pom.xml": ""}, [("mvn -q test", "maven", "pom.xml")]),
    (
        "make when nothing tells more",
        {"Makefile": "all:\n\tcc x.c\n\ncheck: all\n\t./run\n"},
        [("make check", "make", "Makefile")],
    ),
    (
        "make test before make check",
        {"Makefile": "check:\n\t./a\ntest:\n\t./b\n"},
        [("make test", "make", "Makefile")],
    ),
    ("a variable is no target", {"Makefile": "test := 1\n"}, []),
    (
        "make is left alone where a runner was found",
        {"Makefile": "test:\n\tgo test ./...\n", "go.mod": ""},
        [("go test ./...", "go", "go.mod")],
    ),
    (
        "two languages",
        {"pytest.ini": "[pytest]\n", "package.json": package("jest")},
        [("python3 -m pytest -q", "pytest", "pytest.ini"), ("npm test", "npm", "package.json")],
    ),
    (
        "a monorepo whose root has a check",
        {"package.json": package("turbo test"), "packages/a/package.json": package("jest")},
        [("npm test", "npm", "package.json")],
    ),
    (
        "a monorepo without",
        {
            "my app/package.json": package("jest"),
            "api/pyproject.toml": PYTEST_INI,
            "api/tests/test_a.py": PLAIN,
            ".venv/pyvenv.cfg": "(untracked)",
        },
        [
            ("cd api && ../.venv/bin/python -m pytest -q", "pytest", "api/pyproject.toml"),
            ("cd 'my app' && npm test", "npm", "my app/package.json"),
        ],
    ),
    (
        "material for tests is no project",
        {
            "pytest.ini": "[pytest]\n",
            "tests/fixtures/p/package.json": package("jest"),
            "node_modules/x/package.json": package("jest"),
            "examples/e/go.mod": "",
        },
        [("python3 -m pytest -q", "pytest", "pytest.ini")],
    ),
]


@pytest.mark.parametrize(
    ("tree", "expected"), [row[1:] for row in TREES], ids=[r[0] for r in TREES]
)
def test_found_checks(tree: dict[str, str], expected: list[tuple[str, str, str]]) -> None:
    listed = [path for path, text in tree.items() if text != "(untracked)"]
    assert find_checks(listed, tree.get) == tuple(Check(*row) for row in expected)


def test_many_projects_are_bounded_and_the_root_is_first() -> None:
    tree = {f"m{n}/go.mod": "" for n in range(10)} | {"package.json": package("jest")}
    found = find_checks(sorted(tree), tree.get)
    assert len(found) == MAX_CHECKS
    assert found[0].command == "npm test"


def test_files_that_cannot_be_read_are_survived() -> None:
    files = ["pyproject.toml", "package.json", "Makefile", "Cargo.toml", "tests/test_a.py"]
    found = find_checks(files, lambda path: None)
    assert [check.kind for check in found] == ["pytest", "cargo"]


def test_numbers_of_too_many_digits_are_no_reason_to_end() -> None:
    texts = {"pyproject.toml": f"a = {'1' * 5_000}\n", "package.json": "1" * 5_000}
    assert find_checks(list(texts), texts.get) == ()
