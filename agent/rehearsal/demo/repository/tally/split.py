"""Shares of a bill."""


def split_evenly(cents, people):
    """Shares that add up to `cents` and differ by one cent at most; the first people pay the odd cents."""
    if people < 1:
        raise ValueError("a bill is split between one person or more")
    share = round(cents / people)
    return [share] * people
