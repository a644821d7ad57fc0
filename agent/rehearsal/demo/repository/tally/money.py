"""Amounts of money as whole cents, and as people write them."""


def parse_cents(text):
    """`"12.50"` as 1250. Raises ValueError for anything that is not an amount with up to two decimals."""
    whole, _, decimals = text.strip().partition(".")
    if not whole.isdigit() or len(decimals) > 2 or not (decimals + "0").isdigit():
        raise ValueError(f"not an amount: {text!r}")
    return int(whole) * 100 + int(decimals.ljust(2, "0"))


def format_cents(cents):
    """1250 as `"12.50"`."""
    return f"{cents // 100}.{cents % 100:02}"
