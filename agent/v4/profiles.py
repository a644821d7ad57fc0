"""Endpoint profiles: where V4 is served, and in which ways that place differs from DeepSeek's own API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from ...tools.errors import PersonError
from .tables import Table, checked, from_file, merged, nearest, packaged

DEFAULT_PROFILE = "deepseek"


class Profile(Table):
    """What `profiles.toml` says of one kind of endpoint; its head explains each field."""

    base_url: str
    key_variable: str
    key_needed: bool
    thinking: Literal["deepseek", "template", "openrouter"]
    reasoning_from: tuple[str, ...] = Field(min_length=1)
    reasoning_to: str
    cached_tokens: str
    list_prices: bool
    models: dict[str, str]

    def served_name(self, model: str) -> str:
        """What this endpoint calls a model of the catalog."""
        return self.models.get(model, model)


class _Profiles(Table):
    profiles: dict[str, Profile]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place to send requests to. The key is never shown; "" means that none is sent."""

    name: str
    profile: Profile
    base_url: str
    api_key: str = field(repr=False)


def load_profiles(override: Path | None = None) -> dict[str, Profile]:
    """All profiles, the person's file merged over the package's. PersonError tells what is wrong with their file."""
    tree = packaged("profiles.toml")
    source = "profiles.toml"
    if override is not None:
        tree = merged(tree, from_file(override))
        source = str(override)
    return checked(_Profiles, {"profiles": tree}, source).profiles


def endpoint(
    profiles: Mapping[str, Profile],
    name: str,
    environ: Mapping[str, str],
    base_url: str | None = None,
) -> Endpoint:
    """The endpoint of this profile, its key taken from `environ`. PersonError when it can't be reached like this."""
    if name not in profiles:
        hint = nearest(name, list(profiles))
        raise PersonError(f"There is no endpoint profile '{name}'; {hint}")
    profile = profiles[name]
    address = (base_url or profile.base_url).rstrip("/")
    if not address:
        raise PersonError(f"The profile '{name}' has no address. Set LEADLINE_BASE_URL.")
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        plain = "@" not in address and not parts.query and not parts.fragment
    except ValueError:
        usable, plain = False, "@" not in address
    if not plain:
        raise PersonError(
            "The endpoint's address holds a user, a password or a query, and addresses are shown and kept. Set "
            f"LEADLINE_BASE_URL to the bare address, and {profile.key_variable} to the key."
        )
    if not usable:
        raise PersonError(
            f"'{address}' is no address of an endpoint. It has to begin with http:// or https://."
        )
    return Endpoint(name, profile, address, _key(profile, environ))


def _key(profile: Profile, environ: Mapping[str, str]) -> str:
    variable = profile.key_variable
    key = environ.get(variable, "").strip()
    if not key and profile.key_needed:
        raise PersonError(
            f"There is no API key: {variable} is not set. Set it to your key, or choose another "
            "endpoint with --profile."
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise PersonError(
            f"{variable} does not hold a key: it has characters no key has. Set it again."
        )
    return key
