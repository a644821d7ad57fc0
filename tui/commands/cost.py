"""`leadline cost`: each request of a session, what it hit and cost, and whose fault a miss was."""

from __future__ import annotations

import argparse

from ...agent.history.journal import read_events
from ...agent.v4.cost import cost_report
from .common import add_session, here, home, page, print_json, session_folder


def arguments(parser: argparse.ArgumentParser) -> None:
    add_session(parser)
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def execute(parsed: argparse.Namespace) -> int:
    folder = session_folder(home(), parsed.session, here())
    report = cost_report(read_events(folder))
    if parsed.json:
        print_json({"session": folder.name, **report.to_json()})
        return 0
    screen = page()
    for line in report.table().rstrip("\n").split("\n"):
        screen.line(line)
    return 0
