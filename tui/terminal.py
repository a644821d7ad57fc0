"""What a terminal is told beside what it shows: that a person is needed, and what was copied."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping

from .text import one_line

BELL = "\a"
MOST = 100_000
"""Bytes of base64 that terminals take in one sequence, by what xterm and others are known to; a longer text is left to
the clipboard within the program."""


def notice_sequence(how: str, text: str, environ: Mapping[str, str] | None = None) -> str:
    """What calls the person: `how` is off, bell, osc9 (iTerm2, Windows Terminal and others) or osc777 (rxvt, foot and
    others)."""
    words = one_line(text).replace(";", ",")
    if how == "osc9":
        return _passed(f"\x1b]9;{words}\a", environ)
    if how == "osc777":
        return _passed(f"\x1b]777;notify;Leadline;{words}\a", environ)
    return BELL if how == "bell" else ""


def clipboard_sequences(text: str, environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """OSC 52 a second time, for the terminal around a multiplexer that does not hand on what it is sent."""
    coded = base64.b64encode(text.encode("utf-8", "replace")).decode()
    sequence = f"\x1b]52;c;{coded}\a"
    if len(coded) <= MOST and (passed := _passed(sequence, environ)) != sequence:
        yield passed


def _passed(sequence: str, environ: Mapping[str, str] | None) -> str:
    """As tmux hands it to the terminal around it, where `allow-passthrough` is on; screen has its own way."""
    environ = os.environ if environ is None else environ
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("STY"):
        return "\x1bP" + sequence + "\x1b\\"
    return sequence
