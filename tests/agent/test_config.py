from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.settings.config import (
    OPTIONS,
    Settings,
    find_project_root,
    load_settings,
    options_table,
)
from leadline.agent.settings.files import PROJECT_FILE, SIZE_LIMIT, user_config_file
from leadline.agent.settings.options import mask_url
from leadline.tools.errors import Exit, PersonError


@pytest.fixture
def user_file(tmp_path: Path) -> Path:
    return tmp_path / "user" / "config.toml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def in_project(project: Path, text: str, **user: object) -> Settings:
    """The settings with this project file, over flags-free values of the person's own."""
    write(project / PROJECT_FILE, text)
    mine = project.parent / "mine.toml"
    mine.write_text("".join(f"{name} = {value}\n" for name, value in user.items()))
    return load_settings({}, {}, mine, project)


def test_defaults_stand_when_nothing_is_said():
    settings = load_settings({}, {}, None, None)
    assert settings == Settings()
    assert {settings.origin(option.name) for option in OPTIONS} == {"default"}
    assert (settings.profile, settings.mode, settings.sandbox) == ("deepseek", "auto", "auto")
    assert settings.max_turns == 200
    assert (settings.solo, settings.workers) == (None, 8)
    assert settings.network is False
    assert settings.verify == ()


def test_each_layer_wins_over_the_one_below(user_file: Path, project: Path):
    write(user_file, 'mode = "full"\nmax_turns = 90\nprofile = "vllm"\nmodel_pro = "mine"\n')
    write(project / PROJECT_FILE, 'mode = "auto"\nmax_turns = 80\n')
    environ = {"LEADLINE_MAX_TURNS": "70", "LEADLINE_MODEL_PRO": "theirs", "PATH": "/bin"}
    settings = load_settings({"model_pro": "flag"}, environ, user_file, project)
    assert (settings.profile, settings.origin("profile")) == ("vllm", str(user_file))
    assert (settings.mode, settings.origin("mode")) == ("auto", PROJECT_FILE)
    assert (settings.max_turns, settings.origin("max_turns")) == (70, "LEADLINE_MAX_TURNS")
    assert (settings.model_pro, settings.origin("model_pro")) == ("flag", "--model-pro")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("budget_usd", "2", 2.0),
        ("budget_usd", "0.25", 0.25),
        ("max_minutes", "1.5", 1.5),
        ("network", "yes", True),
        ("network", "0", False),
        ("attribution", "off", False),
        ("verify_rounds", "0", 0),
        ("verify", "make test\n\nmake lint", ("make test", "make lint")),
        ("base_url", "http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("home", "/var/lib/somewhere", Path("/var/lib/somewhere")),
        ("sandbox", "landlock", "landlock"),
        ("solo", "pro", "pro"),
        ("workers", "32", 32),
    ],
)
def test_a_variable_is_read_as_its_option_is_typed(name: str, text: str, value: object):
    settings = load_settings({}, {f"LEADLINE_{name.upper()}": text}, None, None)
    assert getattr(settings, name) == value
    assert type(getattr(settings, name)) is type(value)


@pytest.mark.parametrize("name", [option.name for option in OPTIONS])
def test_an_empty_variable_counts_as_not_set(name: str):
    settings = load_settings({}, {f"LEADLINE_{name.upper()}": ""}, None, None)
    assert settings.origin(name) == "default"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("max_turns = true", "a whole number of at least 1"),
        ("max_turns = 0", "a whole number of at least 1"),
        ("max_turns = 1.5", "a whole number of at least 1"),
        ('max_turns = "9"', "a whole number of at least 1"),
        ("max_turns = 99999999999999", "a whole number of at least 1"),
        ("budget_usd = nan", "a number above 0"),
        ("budget_usd = inf", "a number above 0"),
        ("budget_usd = -1", "a number above 0"),
        ('mode = "yolo"', "one of plan, ask, auto, full"),
        ("mode = 3", "one of plan, ask, auto, full"),
        ("solo = true", "one of flash, pro"),
        ("workers = 0", "a whole number of at least 1"),
        ("mode = {}", "one of plan, ask, auto, full"),
        ('network = "true"', "true or false"),
        ('verify = "pytest"', "a list of commands"),
        ("verify = [1]", "a list of commands"),
        ('verify = [" "]', "a list of commands"),
        ('base_url = "file:///etc/passwd"', "an http:// or https:// address"),
        ('base_url = "http://[::1"', "an http:// or https:// address"),
        ('model_pro = ""', "a name"),
        ('model_pro = "a\\u001bb"', "a name"),
        ('home = "a\\u0000b"', "a path"),
    ],
)
def test_a_wrong_value_says_where_it_is_and_what_fits(user_file: Path, line: str, expected: str):
    write(user_file, line)
    with pytest.raises(PersonError) as caught:
        load_settings({}, {}, user_file, None)
    assert f"{user_file}:{line.split()[0]}: it must be {expected}, not " in caught.value.message
    assert caught.value.message.isprintable()
    assert caught.value.exit_code == Exit.USAGE


@pytest.mark.parametrize(
    ("flags", "environ", "where"),
    [
        ({"mode": "fast"}, {}, "--mode: "),
        ({}, {"LEADLINE_MODE": "fast"}, "LEADLINE_MODE: "),
        ({}, {"LEADLINE_BUDGET_USD": "ten"}, "LEADLINE_BUDGET_USD: "),
        ({"max_turns": "-3"}, {}, "--max-turns: "),
    ],
)
def test_a_wrong_flag_or_variable_is_named(
    flags: dict[str, object], environ: dict[str, str], where: str
):
    with pytest.raises(PersonError) as caught:
        load_settings(flags, environ, None, None)
    assert caught.value.message.startswith(f"{where}it must be ")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("modle", "mode"),
        ("max-turns", "max_turns"),
        ("Budget", "budget_usd"),
        ("sandbx", "sandbox"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(user_file: Path, name: str, near: str):
    write(user_file, f'"{name}" = 1')
    with pytest.raises(PersonError, match=f"Did you mean {near}"):
        load_settings({}, {}, user_file, None)
    with pytest.raises(PersonError, match=f"Did you mean {near}"):
        load_settings({}, {f"LEADLINE_{name.upper()}": "1"}, None, None)


def test_a_key_is_no_setting_and_is_not_repeated(user_file: Path):
    write(user_file, 'api_key = "sk-very-secret-thing"')
    with pytest.raises(PersonError, match="a key is not a setting") as caught:
        load_settings({}, {}, user_file, None)
    assert "very-secret" not in caught.value.message
    # The profile `custom` takes its key from a variable that is named like an option.
    assert load_settings({}, {"LEADLINE_API_KEY": "k"}, None, None) == Settings()


def test_paths_in_a_file_start_where_the_file_is(user_file: Path, monkeypatch: pytest.MonkeyPatch):
    write(user_file, 'catalog = "models.toml"\nhome = "~/state"\n')
    monkeypatch.setenv("HOME", "/somebody")
    settings = load_settings({}, {}, user_file, None)
    assert settings.catalog == user_file.parent / "models.toml"
    assert settings.home == Path("/somebody/state")


def test_credentials_in_an_address_are_masked():
    url = "https://me:hunter2@host.example:8443/v1?key=hunter2#hunter2"
    settings = load_settings({"base_url": url}, {}, None, None)
    assert settings.base_url == url
    for text in (settings.shown()["base_url"], str(settings.plain()["base_url"])):
        assert text == "https://***@host.example:8443/v1?***#***"


@given(st.text(max_size=80))
def test_masking_never_raises(url: str):
    mask_url(url)


# --- the project's file ---


@pytest.mark.parametrize(
    ("line", "user", "value"),
    [
        ('mode = "ask"', {}, "ask"),
        ('mode = "plan"', {"mode": '"full"'}, "plan"),
        ('sandbox = "bubblewrap"', {}, "bubblewrap"),
        ('sandbox = "landlock"', {"sandbox": '"off"'}, "landlock"),
        ("network = false", {"network": "true"}, False),
        ("budget_usd = 3", {}, 3.0),
        ("budget_usd = 3", {"budget_usd": "5"}, 3.0),
        ("max_turns = 20", {}, 20),
        ("workers = 2", {}, 2),
        ("workers = 2", {"workers": "32"}, 2),
        ("command_seconds = 20", {"command_seconds": "900"}, 20),
        ("verify_rounds = 0", {}, 0),
    ],
)
def test_a_project_may_tighten(project: Path, line: str, user: dict[str, object], value: object):
    settings = in_project(project, line, **user)
    name = line.split()[0]
    assert getattr(settings, name) == value
    assert settings.origin(name) == PROJECT_FILE


@pytest.mark.parametrize(
    ("line", "user"),
    [
        ('mode = "full"', {}),
        ('mode = "full"', {"mode": '"plan"'}),
        ('sandbox = "off"', {}),
        ('sandbox = "landlock"', {}),
        ("network = true", {}),
        ("max_turns = 201", {}),
        ("workers = 9", {}),
        ("command_seconds = 3600", {"command_seconds": "900"}),
        ("first_token_seconds = 600", {}),
    ],
)
def test_a_project_may_not_loosen(project: Path, line: str, user: dict[str, object]):
    with pytest.raises(PersonError, match=r"may only make this stricter.*--no-project-config"):
        in_project(project, line, **user)


@pytest.mark.parametrize(
    ("line", "user", "kept"),
    [
        ('mode = "ask"', {"mode": '"plan"'}, "plan"),
        ("max_turns = 100", {"max_turns": "50"}, 50),
        ("budget_usd = 9", {"budget_usd": "1.5"}, 1.5),
        ('mode = "full"', {"mode": '"full"'}, "full"),
        ('sandbox = "auto"', {"sandbox": '"bubblewrap"'}, "bubblewrap"),
    ],
)
def test_a_persons_stricter_value_stays(
    project: Path, line: str, user: dict[str, object], kept: object
):
    """A project's value that is strict enough for the default is no attack on a stricter person."""
    settings = in_project(project, line, **user)
    name = line.split()[0]
    assert getattr(settings, name) == kept
    assert settings.origin(name) != PROJECT_FILE


def test_a_project_adds_checks(project: Path):
    settings = in_project(project, 'verify = ["make lint", "make test"]', verify='["make test"]')
    assert settings.verify == ("make test", "make lint")
    assert settings.origin("verify").endswith(f"mine.toml + {PROJECT_FILE}")
    alone = in_project(project, 'verify = ["make lint"]')
    assert alone.origin("verify") == PROJECT_FILE


@pytest.mark.parametrize("option", [option.name for option in OPTIONS if not option.in_project])
def test_everything_else_is_refused(project: Path, option: str):
    with pytest.raises(PersonError, match=f"{PROJECT_FILE}:{option}: a project may not set"):
        in_project(project, f'{option} = "x"')


def test_what_may_send_text_or_keys_elsewhere_is_not_for_projects():
    closed = {option.name for option in OPTIONS if not option.in_project}
    assert closed >= {"base_url", "profile", "catalog", "home", "model_pro", "model_flash"}
    assert "snapshot_file_mb" in closed  # lowering it would leave the person's files out of undo
    assert "pack_tokens" in closed  # raising it would spend the person's money
    assert "solo" in closed  # so would the dearer model


def test_the_person_still_has_the_last_word(project: Path):
    write(project / PROJECT_FILE, 'mode = "plan"\nmax_turns = 5\n')
    settings = load_settings({"mode": "auto"}, {"LEADLINE_MAX_TURNS": "50"}, None, project)
    assert (settings.mode, settings.max_turns) == ("auto", 50)


MODES = st.sampled_from(["plan", "ask", "auto", "full"])
SANDBOXES = st.sampled_from(["off", "landlock", "auto", "bubblewrap"])


@given(
    mine=st.tuples(MODES, SANDBOXES, st.booleans(), st.integers(1, 500)),
    theirs=st.tuples(MODES, SANDBOXES, st.booleans(), st.integers(1, 500)),
)
def test_no_project_file_ever_loosens(
    tmp_path_factory: pytest.TempPathFactory,
    mine: tuple[str, str, bool, int],
    theirs: tuple[str, str, bool, int],
):
    folder = tmp_path_factory.mktemp("law")

    def text(values: tuple[str, str, bool, int]) -> str:
        mode, sandbox, network, turns = values
        return (
            f'mode = "{mode}"\nsandbox = "{sandbox}"\n'
            f"network = {str(network).lower()}\nmax_turns = {turns}\n"
        )

    own = write(folder / "own.toml", text(mine))
    write(folder / PROJECT_FILE, text(theirs))
    before = load_settings({}, {}, own, None)
    try:
        after = load_settings({}, {}, own, folder)
    except PersonError:
        return
    modes = ["full", "auto", "ask", "plan"]
    sandboxes = ["off", "landlock", "auto", "bubblewrap"]
    assert modes.index(after.mode) >= modes.index(before.mode)
    assert sandboxes.index(after.sandbox) >= sandboxes.index(before.sandbox)
    assert after.network <= before.network
    assert after.max_turns <= before.max_turns


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"mode = ", "not valid TOML"),
        (b"mode = 'ask'\nmode = 'plan'\n", "not valid TOML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a = " + b"[" * 15_000, "not valid TOML"),
        (b"a = " + b"9" * 12_000, "not valid TOML"),
        (b"mode." + b".".join([b"a"] * 8_000) + b" = 1", "not a table"),
        (b"verify = " + b"[" * 400 + b"]" * 400, "not a list|not valid TOML"),
        (b".".join([b"a"] * 8_000) + b" = 1", "no such option|not valid TOML"),
        (b"# " + b"x" * SIZE_LIMIT, "larger than 16 KiB"),
        (b'"a\\u001b[31mb" = 1', "no such option"),
        (b"[mode]\nx = 1\n", "it must be one of"),
    ],
    ids=[
        "torn",
        "twice",
        "bytes",
        "nested",
        "digits",
        "deep",
        "lists",
        "dotted",
        "large",
        "escape",
        "table",
    ],
)
def test_a_hostile_file_ends_in_one_printable_sentence(project: Path, content: bytes, message: str):
    (project / PROJECT_FILE).write_bytes(content)
    with pytest.raises(PersonError, match=message) as caught:
        load_settings({}, {}, None, project)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 600


def test_a_link_out_of_the_tree_is_refused(project: Path, tmp_path: Path):
    outside = write(tmp_path / "outside.toml", "max_turns = 3\n")
    (project / PROJECT_FILE).symlink_to(outside)
    with pytest.raises(PersonError, match="link out of the work tree"):
        load_settings({}, {}, None, project)


def test_a_link_within_the_tree_is_followed(project: Path):
    write(project / "conf" / "strict.toml", "max_turns = 3\n")
    (project / PROJECT_FILE).symlink_to("conf/strict.toml")
    assert load_settings({}, {}, None, project).max_turns == 3


@pytest.mark.parametrize("target", [PROJECT_FILE, "nowhere"])
def test_a_link_to_nowhere_is_refused(project: Path, target: str):
    (project / PROJECT_FILE).symlink_to(target)
    with pytest.raises(PersonError, match="leads nowhere"):
        load_settings({}, {}, None, project)


def test_a_pipe_or_folder_never_holds_us_up(project: Path):
    os.mkfifo(project / PROJECT_FILE)
    with pytest.raises(PersonError, match="not an ordinary file"):
        load_settings({}, {}, None, project)
    (project / PROJECT_FILE).unlink()
    (project / PROJECT_FILE).mkdir()
    with pytest.raises(PersonError, match="directory"):
        load_settings({}, {}, None, project)


# --- where files are ---


def test_the_variable_names_the_persons_file(tmp_path: Path):
    path = write(tmp_path / "c.toml", "")
    assert user_config_file({"LEADLINE_CONFIG": str(path)}) == path
    with pytest.raises(PersonError, match="does not exist"):
        user_config_file({"LEADLINE_CONFIG": str(tmp_path / "none.toml")})
    assert load_settings({}, {"LEADLINE_CONFIG": str(path)}, path, None) == Settings()


def test_the_usual_place_is_used_when_something_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def config_dir(name: str) -> str:
        return str(tmp_path / name)

    monkeypatch.setattr("platformdirs.user_config_dir", config_dir)
    assert user_config_file({}) is None
    path = write(tmp_path / "leadline" / "config.toml", "")
    assert user_config_file({}) == path


@pytest.mark.parametrize("as_file", [True, False])
def test_the_project_root_is_the_nearest_work_tree(tmp_path: Path, as_file: bool):
    root = tmp_path / "repo"
    below = root / "a" / "b"
    below.mkdir(parents=True)
    if as_file:  # as in a linked work tree or a submodule
        (root / ".git").write_text("gitdir: elsewhere\n")
    else:
        (root / ".git").mkdir()
    assert find_project_root(below) == root.resolve()
    alone = tmp_path / "alone"
    alone.mkdir()
    assert find_project_root(alone) == alone.resolve()


# --- what derives from the table ---


def test_the_documentation_has_a_row_for_each_option():
    rows = options_table().splitlines()
    assert len(rows) == 2 + len(OPTIONS)
    for option, row in zip(OPTIONS, rows[2:], strict=True):
        assert row.startswith(f"| `{option.name}` | ")
        assert option.flag is None or f"`{option.flag}`" in row
        assert row.count("|") == 6 + row.count("\\|")


def test_each_default_is_a_value_that_its_own_kind_accepts():
    settings = Settings()
    for option in OPTIONS:
        value = getattr(settings, option.name)
        if value is not None:
            raw = str(value) if isinstance(value, Path) else value
            assert option.kind.check(raw) == value, option.name


def test_the_page_of_settings_is_the_table() -> None:
    page = Path(__file__).parent.parent.parent / "docs" / "settings.md"
    assert options_table().strip() in page.read_text(encoding="utf-8")
