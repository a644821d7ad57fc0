"""What the showcase's models and commands write, and the project that they work on."""

from __future__ import annotations

from collections.abc import Sequence

# --- said and printed ---

LOOKING = """The issue says "now and then", so it depends on the amounts. `Invoice.total` adds what \
`with_tax` gives, and that rounds each line. Ten lines of 0.125 would drift by a whole cent."""
FOUND = """## Why a cent goes missing

Tax is rounded **on each line** and the rounded parts are added up, so the errors add up too:

| Lines | Sum of rounded lines | Rounded sum |
|------:|---------------------:|------------:|
|     1 |                10.13 |       10.13 |
|     3 |                30.38 |       30.39 |
|    10 |               101.25 |      101.30 |

What changes:

- `Invoice.total` adds exact amounts and rounds **once**
- `with_tax` gives a `Decimal` and rounds nothing any more

```python
def total(self) -> Decimal:
    return cents(sum(with_tax(line) for line in self.lines))
```
"""
EDITED = """--- a/shop/invoice.py
+++ b/shop/invoice.py
@@ -19,3 +19,3 @@ class Invoice:
     def total(self) -> Decimal:
         \"""What the customer pays, tax included.\"""
-        return sum(cents(with_tax(line)) for line in self.lines)
+        return cents(sum(with_tax(line) for line in self.lines))
"""
TAXED = """--- a/shop/tax.py
+++ b/shop/tax.py
@@ -9,3 +9,3 @@ RATES = load_rates()
 def with_tax(line: Line) -> Decimal:
-    \"""The price with tax, rounded to cents.\"""
-    return cents(line.price * (1 + RATES[line.country]))
+    \"""The exact price with tax: who adds prices up rounds them.\"""
+    return line.price * (1 + RATES[line.country])
"""
RED = """The check `pytest -q` is red on this tree: 1 failed, 40 passed.
FAILED tests/test_export.py::test_csv_has_two_places - AssertionError: '10.1250' != '10.13'"""
RUNS = "pytest -q tests/test_export.py tests/test_invoice.py"
PRINTED = """tests/test_export.py ........                   [ 34%]
tests/test_invoice.py ..............."""
EXPORTED = """--- a/shop/export.py
+++ b/shop/export.py
@@ -27,3 +27,3 @@ def row(line: Line) -> list[str]:
     return [
         line.name,
-        str(with_tax(line)),
+        str(cents(with_tax(line))),
"""
PLANNED = """Prices are `float` in six modules. I begin with **one** type for them, so that every other task can \
build on it and only two tasks wait for others."""
BRIEF = """Add `Cents`, a whole number of cents, to shop/money.py with +, -, * by a whole number and `share`, which \
rounds half to even and once. `Money` stays as a thin reader of old files."""

# --- what was changed ---

_HEAD = '"""What customers pay."""\n\nfrom decimal import Decimal\n\n'
_TAX = '''from shop.money import cents
from shop.rates import load_rates

RATES = load_rates()


def with_tax(line: Line) -> Decimal:
    """The price with tax, rounded to cents."""
    return cents(line.price * (1 + RATES[line.country]))
'''
_INVOICE = '''from shop.money import cents
from shop.tax import with_tax


class Invoice:
    """One for each order, never changed once it was sent."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.payments: list[Payment] = []

    def total(self) -> Decimal:
        """What the customer pays, tax included."""
        return sum(cents(with_tax(line)) for line in self.lines)

    def paid(self) -> bool:
        return self.total() <= sum(each.amount for each in self.payments)
'''
FILES = {
    "README.md": "# Shop\n\nPrices, carts and invoices.\n",
    "shop/__init__.py": "",
    "shop/cart.py": f"{_HEAD}class Cart:\n    pass\n",
    "shop/export.py": f"{_HEAD}def row(line: Line) -> list[str]:\n    return [line.name, str(with_tax(line))]\n",
    "shop/invoice.py": _HEAD + _INVOICE,
    "shop/money.py": f"{_HEAD}def cents(amount: Decimal) -> Decimal:\n    return round(amount, 2)\n",
    "shop/old_rounding.py": "def up(amount):\n    return int(amount * 100 + 0.5) / 100\n",
    "shop/rates.py": f"{_HEAD}def load_rates() -> dict[str, Decimal]:\n    return {{}}\n",
    "shop/tax.py": _HEAD + _TAX,
    "tests/test_invoice.py": "def test_total(): ...\n",
}
"""A project before the session."""

STEPS: Sequence[dict[str, str | None]] = (
    {
        "shop/tax.py": FILES["shop/tax.py"]
        .replace(", rounded to cents.", " to the last digit: who adds prices up rounds them.")
        .replace("cents(line.price * (1 + RATES[line.country]))", "line.price * rate(line)")
        .replace("from shop.money import cents\n", "")
        + "\n\ndef rate(line: Line) -> Decimal:\n    return 1 + RATES[line.country]\n",
        "shop/old_rounding.py": None,
    },
    {
        "shop/invoice.py": FILES["shop/invoice.py"].replace(
            "sum(cents(with_tax(line)) for line in self.lines)",
            "cents(sum(with_tax(line) for line in self.lines))",
        ),
        "tests/test_rounding.py": "from shop.invoice import Invoice\n\n\ndef test_rounds_once() -> None:\n"
        "    assert Invoice(ten_lines()).total() == Decimal('101.30')\n",
    },
    {
        "shop/export.py": FILES["shop/export.py"].replace(
            "str(with_tax(line))", "str(cents(with_tax(line)))"
        )
    },
)
"""What each step of the session wrote."""
