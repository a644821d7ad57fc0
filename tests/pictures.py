"""The pictures of the README: the interface on the showcase's sessions, dark and light, as SVG files.

PYTHONPATH=.typing python -m leadline.tests.pictures [FOLDER]
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from leadline.tests.support.exhibit import Exhibit, Gallery, exhibit, make_gallery, same_everywhere
from leadline.tests.support.tour import SCREENS
from leadline.tui.preferences import ThemeName

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
COLUMNS = 110
NAMES = {
    "session": ("session", 46),
    "plan": ("plan", 26),
    "workers": ("workers", 20),
    "changes": ("changes", 30),
    "cost": ("cost", 34),
    "approval": ("approval of a command", 30),
}
"""By the name of its file: the screen of the tour, and how many rows it is given."""
THEMES: Mapping[ThemeName, str] = {"dark": "", "light": "-light"}
_FONTS = "ui-monospace, 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"


async def pictures(gallery: Gallery, themes: Mapping[ThemeName, str] = THEMES) -> dict[str, str]:
    """By the name of its file. Inside of `same_everywhere`."""
    found: dict[str, str] = {}
    for theme, end in themes.items():
        async with exhibit(gallery, (COLUMNS, 34), theme) as it:
            for name, (screen, rows) in NAMES.items():
                await it.pilot.resize_terminal(COLUMNS, rows)
                await SCREENS[screen](it)
                await it.rest()
                found[f"{name}{end}.svg"] = _svg(it, name)
                await it.back()
    return found


def _svg(it: Exhibit, name: str) -> str:
    """Without fonts from elsewhere, and with the same ids each time."""
    svg = it.app.export_screenshot(title=f"leadline: {name}", simplify=True)
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: Fira Code[^;]*;", f"font-family: {_FONTS};", svg)
    svg = re.sub(r"terminal-\d+", "screen", svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as top, same_everywhere():
        made = asyncio.run(_made(Path(top)))
    for name, svg in made.items():
        (folder / name).write_text(svg, encoding="utf-8")
    sys.stdout.write(f"{len(made)} pictures in {folder}\n")
    return 0


async def _made(top: Path) -> dict[str, str]:
    return await pictures(await make_gallery(top))


if __name__ == "__main__":
    sys.exit(main())
