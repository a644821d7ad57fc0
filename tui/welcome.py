"""What a person who has no key yet should know, whatever it is shown on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Welcome:
    """`confinement` says what confines commands on this machine, in a sentence; `kept_in` where a key is kept."""

    variable: str
    address: str
    kept_in: str
    mode: str
    confinement: str

    @property
    def text(self) -> str:
        return (
            f"Leadline needs a key for {self.address}. DeepSeek's are made at platform.deepseek.com/api_keys.\n"
            f"Paste it here: it is tried at once, which costs nothing, and kept in {self.kept_in}, where only you can "
            f"read it. Or leave with ctrl+q and set {self.variable} in your shell."
        )

    @property
    def lines(self) -> str:
        """Mode and sandbox, in three lines."""
        return (
            f"Mode {self.mode}. auto changes files here and runs confined commands; ask asks before each; plan changes "
            "nothing; full confines nothing. /mode changes it.\n"
            f"Sandbox: {self.confinement}\n"
            "Every change can be undone, your own uncommitted work is stored before the first, and done means that "
            "Leadline ran the checks itself."
        )
