"""Every screen as it looks, by its text and its colours. `pytest --snapshot-update` takes them anew."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

import pytest
from leadline.tests.pictures import FOLDER, pictures
from leadline.tests.support.exhibit import Exhibit, Gallery, exhibit, make_gallery, same_everywhere
from leadline.tests.support.looks import SCROLLBAR, Picture
from leadline.tests.support.tour import SCREENS
from leadline.tui.themes import THEMES
from syrupy.assertion import SnapshotAssertion
from textual.geometry import Region

USUAL, WIDE, TINY = (80, 24), (160, 48), (20, 5)
ALWAYS = ("dark", "light")
COMMON = (*ALWAYS, "contrast")
"""Themes that every screen is looked at in."""
MOST = ("session", "approval of a change")
"""Screens that are there in every theme, and on the smallest terminal."""
LEAST, LEAST_MUTED = 4.5, 3.0
"""Contrasts of what is read, and of what is beside the point, by the web's guidelines."""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return asyncio.run(make_gallery(tmp_path_factory.mktemp("gallery")))


@pytest.fixture(autouse=True)
def still() -> Iterator[None]:
    with same_everywhere():
        yield


@pytest.mark.parametrize("size", [USUAL, WIDE, TINY], ids="{0[0]}x{0[1]}".format)
async def test_screens(
    size: tuple[int, int], gallery: Gallery, snapshot: SnapshotAssertion
) -> None:
    """The text is the same in each theme. All of it fits, and stands out from what is behind it."""
    faults: list[str] = []
    async with exhibit(gallery, size) as it:
        for name, go in SCREENS.items():
            if size == TINY and name not in MOST:
                continue
            await go(it)
            text = (await it.rest()).text
            assert text == snapshot(name=name)
            for theme in _in_turn(THEMES if name in MOST else COMMON, it.app.theme):
                picture = await it.themed(theme)
                assert picture.text == text, f"{name} in {theme}"
                if theme in ALWAYS or (name in MOST and size != WIDE):
                    assert picture.colours == snapshot(name=f"{name}, {theme}")
                faults += [f"{name}, {theme}: {fault}" for fault in _faults(picture, theme, it)]
            await it.back()
    assert not faults, "\n".join(faults)


def _in_turn(themes: Iterable[str], now: str) -> list[str]:
    """Beginning with the one that is on the screen, ending with one that the next screen can begin with: another theme
    takes longer than another screen."""
    return sorted(themes, key=lambda theme: (theme != now, theme in COMMON))


def _faults(picture: Picture, theme: str, it: Exhibit) -> Iterator[str]:
    """What a person can't read well. What lies behind a window is dimmed on purpose."""
    screen = it.app.screen
    front = screen.children[0].region if screen.is_modal else screen.region
    muted = THEMES[theme].variables["text-muted"]
    for number, row in enumerate(picture.rows):
        if sum(piece.columns for piece in row) > it.app.size.width:
            yield f"row {number} is too wide"
        for piece in row:
            least = LEAST_MUTED if piece.look.ink == muted else LEAST
            inside = front.contains_region(Region(piece.at, number, piece.columns, 1))
            if inside and piece.read and piece.look != SCROLLBAR and piece.look.contrast < least:
                yield f"{piece.look} has {piece.look.contrast:.2f}: {piece.text!r}"


async def test_pictures_of_the_readme_are_up_to_date(gallery: Gallery) -> None:
    """Else: `make screenshots`. Another version of Textual or Rich can make others as well."""
    made = await pictures(gallery, {"dark": ""})
    assert set(made) < {path.name for path in FOLDER.iterdir()}
    for name, svg in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == svg, f"{name} is another picture now"
        assert "http" not in svg.replace("http://www.w3.org", "").replace("https://www.text", "")
