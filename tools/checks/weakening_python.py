"""The tests of a Python file, read by its syntax tree."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .weakening_case import Case, Claim, Mark

MAX_TEXT = 500_000

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_SKIPS = {
    "skip": "skip added",
    "skipif": "skip added",
    "skipIf": "skip added",
    "skipUnless": "skip added",
    "skipTest": "skip added",
    "SkipTest": "skip added",
    "importorskip": "skip added",
    "xfail": "expected failure added",
    "expectedFailure": "expected failure added",
}
_SKIP_OWNERS = re.compile(r"^(?:pytest(?:\.mark)?|unittest|self|cls|mark|case)$")
_ASSERTING = re.compile(r"^_?(?:assert|check|verify|expect|ensure|raises|warns|fail$|should)")
_LOOSE_CALL = re.compile(
    r"^(?:assert(?:True|IsNotNone|IsInstance|In|NotIn|NotEqual|IsNot|Greater\w*|Less\w*"
    r"|NotAlmostEqual|_called|_any_call)|fail)$"
)
"""Assertions that pin no value down. A helper of the project's own is taken to pin one down."""
_SAME_ARGUMENTS = re.compile(r"^assert(?:\w*Equal|Is|In)$")
_TOLERANCES = frozenset(["rel", "abs", "delta", "rel_tol", "abs_tol", "rtol", "atol", "tolerance"])
_SWALLOWED = frozenset(["AssertionError", "Exception", "BaseException"])
_ENDS_PROCESS = frozenset(["os._exit", "sys.exit", "os.abort", "pytest.exit"])


def python_cases(path: str, text: str) -> list[Case] | None:
    """The tests of a file and the classes around them; None when the text is not valid Python."""
    if len(text) > MAX_TEXT:
        return None
    try:
        with warnings.catch_warnings():
            # What the compiler thinks of somebody's escapes is nothing to print here.
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        return [*_module(path, tree), *_within(path, tree.body, "")]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _module(path: str, tree: ast.Module) -> Iterator[Case]:
    """What stands at the top of a file and holds for all of it: `pytestmark`, a skip, an exit."""
    top = [node for node in tree.body if not isinstance(node, _Function | ast.ClassDef)]
    marks = [mark for node in top for mark in _skips(node)]
    marks += [
        Mark(node.lineno, "the test process is ended")
        for statement in top
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and _dotted(node.func) in _ENDS_PROCESS
        # A file that can be run by itself ends with its exit status.
        if "__name__" not in ast.unparse(statement)
    ]
    yield Case(path, "the module", 1, "", tuple(marks), is_test=False)


def _within(path: str, body: Sequence[ast.stmt], owner: str) -> Iterator[Case]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            name = f"{owner}{node.name}"
            marks = [mark for part in node.decorator_list for mark in _skips(part)]
            for part in node.body:
                if isinstance(part, ast.Assign):
                    marks += [*_skips(part), *_uncollected(part)]
            yield Case(path, name, node.lineno, "", tuple(marks), is_test=False)
            yield from _within(path, node.body, f"{name}.")
        elif isinstance(node, _Function) and node.name.startswith("test"):
            yield _case(path, node, f"{owner}{node.name}")


def _uncollected(node: ast.Assign) -> Iterator[Mark]:
    named = any(isinstance(t, ast.Name) and t.id == "__test__" for t in node.targets)
    if named and isinstance(node.value, ast.Constant) and not node.value.value:
        yield Mark(node.lineno, "collection switched off")


@dataclass(frozen=True, slots=True)
class _Assertion:
    node: ast.Assert | ast.Call
    weight: int
    exact: int
    trivial: bool


def _case(path: str, node: _Function, name: str) -> Case:
    body = node.body[1:] if ast.get_docstring(node, clean=False) else node.body
    assertions = [found for statement in body for found in _assertions(statement)]
    marks = [mark for part in (*node.decorator_list, *body) for mark in _skips(part)]
    marks += [Mark(a.node.lineno, "an assertion that cannot fail") for a in assertions if a.trivial]
    marks += [mark for statement in body for mark in _swallowing(statement)]
    marks += [
        Mark(statement.lineno, "a return before the end")
        for statement in body[:-1]
        if isinstance(statement, ast.Return)
    ]
    rows = _rows(node)
    loops = any(isinstance(n, ast.For | ast.While) for s in body for n in ast.walk(s))
    return Case(
        path=path,
        name=name,
        line=node.lineno,
        body="\n".join([ast.unparse(node.args), *(ast.unparse(part) for part in body)]),
        marks=tuple(marks),
        asserts=sum(a.weight for a in assertions if not a.trivial),
        exact=sum(a.exact for a in assertions if not a.trivial),
        rows=len(rows),
        repeats=bool(rows) or loops,
        claims=tuple(
            Claim(part.lineno, _shape(part), ast.unparse(part))
            for part in (*rows, *(a.node for a in assertions))
        ),
        tolerances=tuple(_tolerances(body)),
    )


def _assertions(statement: ast.stmt) -> Iterator[_Assertion]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Assert):
            parts = _operands(node.test)
            exact = sum(_is_exact(part) for part in parts)
            yield _Assertion(node, len(parts), exact, _always_true(node.test))
        elif isinstance(node, ast.Call):
            name = _dotted(node.func).rpartition(".")[2]
            if _ASSERTING.match(name):
                yield _Assertion(node, 1, _call_exact(node, name), _call_trivial(node, name))


def _operands(test: ast.expr) -> list[ast.expr]:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [part for value in test.values for part in _operands(value)]
    return [test]


def _is_exact(test: ast.expr) -> bool:
    if not isinstance(test, ast.Compare):
        return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    return all(isinstance(op, ast.Eq | ast.Is) for op in test.ops)


def _call_exact(node: ast.Call, name: str) -> int:
    if name in ("raises", "assertRaises", "assertRaisesRegex", "warns"):
        expected = _dotted(node.args[0]) if node.args else ""
        matched = any(k.arg == "match" for k in node.keywords) or name == "assertRaisesRegex"
        return (expected not in _SWALLOWED) + matched
    return int(_LOOSE_CALL.match(name) is None)


def _always_true(test: ast.expr) -> bool:
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Tuple):
        return bool(test.elts)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(map(_always_true, test.values))
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        sides = (test.left, test.comparators[0])
        # `f() == f()` may well test something; a value against itself does not.
        calls = any(isinstance(n, ast.Call | ast.Await) for s in sides for n in ast.walk(s))
        return not calls and ast.dump(sides[0]) == ast.dump(sides[1])
    return False


def _call_trivial(node: ast.Call, name: str) -> bool:
    if name == "assertTrue" and node.args:
        return _always_true(node.args[0])
    if _SAME_ARGUMENTS.match(name) and len(node.args) >= 2:
        one, other = node.args[:2]
        return isinstance(one, ast.Constant) and ast.dump(one) == ast.dump(other)
    return False


def _skips(node: ast.AST) -> Iterator[Mark]:
    called = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
    for part in ast.walk(node):
        name = part.func if isinstance(part, ast.Call) else part
        if not isinstance(name, ast.Attribute | ast.Name) or (name is part and id(part) in called):
            continue
        owner, _, last = _dotted(name).rpartition(".")
        if last not in _SKIPS:
            continue
        # A bare `skip` may be anything; the longer names are telling by themselves.
        if _SKIP_OWNERS.match(owner) or (not owner and last not in ("skip", "xfail")):
            yield Mark(name.lineno, _SKIPS[last])


def _swallowing(node: ast.stmt) -> Iterator[Mark]:
    for part in ast.walk(node):
        if isinstance(part, ast.ExceptHandler):
            caught = _names(part.type) if part.type else {"BaseException"}
            idle = all(isinstance(s, ast.Pass | ast.Return | ast.Expr) for s in part.body)
            silent = idle and not any(list(_assertions(s)) for s in part.body)
            if caught & _SWALLOWED and silent:
                yield Mark(part.lineno, "a failure is swallowed")
        elif isinstance(part, ast.Call) and _dotted(part.func).endswith("suppress"):
            names = {name for arg in part.args for name in _names(arg)}
            yield from [Mark(part.lineno, "a failure is swallowed")] if names & _SWALLOWED else ()


def _names(node: ast.expr) -> set[str]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return {_dotted(part).rpartition(".")[2] for part in parts}


def _rows(node: _Function) -> list[ast.expr]:
    """Parameter sets of all `parametrize` decorators together, as far as they are written out."""
    rows: list[ast.expr] = []
    for part in node.decorator_list:
        if isinstance(part, ast.Call) and _dotted(part.func).endswith("parametrize"):
            values = part.args[1] if len(part.args) > 1 else None
            values = next((k.value for k in part.keywords if k.arg == "argvalues"), values)
            rows += values.elts if isinstance(values, ast.List | ast.Tuple) else []
    return rows


def _tolerances(body: Sequence[ast.stmt]) -> Iterator[tuple[int, float]]:
    for part in (n for statement in body for n in ast.walk(statement)):
        if not isinstance(part, ast.Call):
            continue
        for word in part.keywords:
            value = word.value.value if isinstance(word.value, ast.Constant) else None
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if word.arg in _TOLERANCES:
                yield part.lineno, float(value)
            elif word.arg == "places":
                yield part.lineno, 10.0 ** -min(max(value, -50), 50)


def _shape(node: ast.AST) -> str:
    return ast.unparse(_WithoutLiterals().visit(ast.parse(ast.unparse(node))))


class _WithoutLiterals(ast.NodeTransformer):
    """Puts one name in the place of every literal."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.copy_location(ast.Name("LITERAL", ast.Load()), node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.copy_location(ast.Name("LITERAL", ast.Load()), node)


def _dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of names; the last name alone when something else stands before it."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value)
        return f"{owner}.{node.attr}" if owner else node.attr
    return ""
