"""`python3 -m tally AMOUNT NAME...`: one line for each person."""

import sys

from tally.money import format_cents, parse_cents
from tally.split import split_evenly


def main(arguments):
    if len(arguments) < 2:
        print("usage: python3 -m tally AMOUNT NAME...")
        return 2
    amount, *names = arguments
    for name, share in zip(names, split_evenly(parse_cents(amount), len(names))):
        print(f"{name:<12} {format_cents(share):>10}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
