from __future__ import annotations

import stat
from pathlib import Path

import pytest
from leadline.agent.settings.keys import keep_key, with_kept_keys
from leadline.tools.errors import PersonError

NAME = "DEEPSEEK_API_KEY"


def test_a_kept_key_is_there_and_only_the_persons(tmp_path: Path) -> None:
    keep_key(tmp_path / "home", NAME, "sk-one")
    keep_key(tmp_path / "home", NAME, "sk-two")
    assert with_kept_keys({"PATH": "/bin"}, tmp_path / "home") == {"PATH": "/bin", NAME: "sk-two"}
    file = tmp_path / "home" / "keys" / NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [each.name for each in file.parent.iterdir()] == [NAME]


def test_a_variable_wins_but_an_empty_one_does_not(tmp_path: Path) -> None:
    keep_key(tmp_path, NAME, "sk-kept")
    assert with_kept_keys({NAME: "sk-mine"}, tmp_path)[NAME] == "sk-mine"
    assert with_kept_keys({NAME: ""}, tmp_path)[NAME] == "sk-kept"


def test_what_is_no_key_file_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    (folder / "FOLDER").mkdir(parents=True)
    (folder / "path").write_text("/evil")
    (folder / "BINARY").write_bytes(b"\xff\xfe")
    assert with_kept_keys({}, tmp_path) == {}


def test_a_key_that_can_not_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(PersonError, match="can't be kept"):
        keep_key(tmp_path, NAME, "sk-one")
    assert with_kept_keys({}, tmp_path) == {}
