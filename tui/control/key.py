"""The key of the endpoint in force: whether there is one, whether it works, and keeping it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ...agent.result import RunResult
from ...agent.settings.config import Settings
from ...agent.settings.keys import keep_key, with_kept_keys
from ...agent.v4.failures import REFUSED_KEY, TransientError
from ...agent.v4.profiles import Endpoint, endpoint, load_profiles
from ...tools.errors import PersonError
from ...tools.sandbox.detect import choose_sandbox
from ..welcome import Welcome


def key_variable(settings: Settings) -> str:
    """The variable that the key of the profile in force stands in. Raises PersonError for a profile there is not."""
    profiles = load_profiles()
    if settings.profile not in profiles:
        endpoint(profiles, settings.profile, {}, settings.base_url)  # says so in its words
    return profiles[settings.profile].key_variable


def address(settings: Settings) -> str:
    """Where requests go. Raises PersonError like `key_variable`."""
    key_variable(settings)
    return settings.base_url or load_profiles()[settings.profile].base_url


def is_key_missing(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether a session could not begin, because no key is set or kept."""
    known = with_kept_keys(environ, settings.home)
    profile = load_profiles().get(settings.profile)
    return bool(profile and profile.key_needed and not known.get(profile.key_variable, "").strip())


def with_key(settings: Settings, key: str) -> Endpoint:
    """The endpoint in force with this key. Raises PersonError for what can't be a key."""
    return endpoint(
        load_profiles(), settings.profile, {key_variable(settings): key}, settings.base_url
    )


async def try_key(settings: Settings, key: str) -> None:
    """Ask the endpoint whether it takes the key; costs nothing. Raises PersonError with the reason where it does not,
    or where it can't be reached."""
    where = with_key(settings, key)
    from ...agent.v4.connect import OpenAIConnection  # slow, and only needed here

    connection = OpenAIConnection(where)
    try:
        await connection.greet()
    except TransientError as error:
        raise PersonError(
            f"{where.base_url} could not be asked: {error.reason}. Try again when it can be reached."
        ) from error
    finally:
        await connection.close()


def keep(settings: Settings, key: str) -> None:
    """For this and later starts. Raises PersonError."""
    variable = key_variable(settings)
    keep_key(settings.home, variable, key)
    if os.environ.get(variable):  # what is set wins over what is kept
        os.environ[variable] = key


def is_refused(result: RunResult) -> bool:
    """Whether it was the key that kept a session from going on."""
    return result.status == "usage" and REFUSED_KEY in result.summary


def set_elsewhere(settings: Settings, environ: Mapping[str, str]) -> str:
    """The variable that has another key than the one that is kept, and wins at the next start; "" for none."""
    variable = key_variable(settings)
    kept = with_kept_keys({}, settings.home).get(variable)
    return variable if kept and environ.get(variable, kept) not in ("", kept) else ""


async def try_and_keep(settings: Settings, key: str) -> None:
    """Raises PersonError where the key does not work or can't be kept."""
    await try_key(settings, key)
    keep(settings, key)


async def welcome_to(settings: Settings, root: Path) -> Welcome:
    """What a person without a key should know, by the settings and the sandbox of this machine."""
    sandbox = await choose_sandbox("off" if settings.mode == "full" else settings.sandbox, root)
    return Welcome(
        key_variable(settings),
        address(settings),
        str(settings.home / "keys"),
        settings.mode,
        sandbox.describe(settings.network),
    )
