from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tools.sandbox.environment import scrubbed_environment

TEMP = Path("/private/temp")
SECRETS = {
    "DEEPSEEK_API_KEY": "x",
    "OPENAI_BASE_URL": "http://host",
    "AWS_PROFILE": "work",
    "GITHUB_TOKEN": "x",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "http://host",
    "MY_SERVICE_PASSWORD": "x",
    "PGPASSWORD": "x",
    "DB_PWD": "x",
    "myApiKey": "x",
    "stripe-secret": "x",
    "NPM_CONFIG__AUTHTOKEN": "x",
    "SESSION_COOKIE": "x",
    "SENTRY_DSN": "x",
    "SSH_AUTH_SOCK": "/tmp/agent",
    "GPG_AGENT_INFO": "x",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/0/bus",
    "XDG_RUNTIME_DIR": "/run/user/0",
    "DISPLAY": ":0",
    "KUBECONFIG": "/home/u/.kube/config",
    "GIT_DIR": "/elsewhere",
    "GIT_SSH_COMMAND": "evil",
    "GIT_CONFIG_COUNT": "1",
    "BASH_ENV": "/home/u/evil.sh",
    "BASH_FUNC_ls%%": "() { evil; }",
    "GITHUB_ENV": "/runner/env",
    "DATABASE_URL": "postgres://user:pass@host/db",
    "PIP_INDEX_URL": "https://x:y@host/simple",
    "REMOTE": "https://abcdefghijklmnopqrstuvwxyz0123@host/repo.git",
    "HARMLESS_NAME": "sk-abcdefghijklmnopqrstuvwx",
    "ANOTHER": "ghp_abcdefghijklmnop1234",
    "CLOUD": "AKIAIOSFODNN7EXAMPLE",
    "WEB": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.x",
    "HEADER": "Bearer abcdefghijklmnop",
    "PEM": "-----BEGIN RSA PRIVATE KEY-----\nabc",
    "RANDOM": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "NODE_OPTIONS": "--require http://u:p@host/x.js",
    "LEADLINE_HOME": "/home/u/.leadline",
}
KEPT = {
    "PATH": "/usr/local/bin:/usr/bin",
    "HOME": "/home/u",
    "USER": "u",
    "LANG": "de_DE.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "Europe/Berlin",
    "VIRTUAL_ENV": "/home/u/.venv",
    "CARGO_HOME": "/home/u/.cargo",
    "GOPATH": "/home/u/go",
    "GOFLAGS": "-mod=vendor",
    "JAVA_HOME": "/usr/lib/jvm/java-21-openjdk-amd64-with-a-long-name-0123456789",
    "NODE_PATH": "/usr/lib/node_modules",
    "NODE_ENV": "test",
    "CC": "clang",
    "CFLAGS": "-O2 -g",
    "LD_LIBRARY_PATH": "/opt/lib",
    "KEYBOARD_LAYOUT": "de",
    "AUTHOR": "someone",
    "COMPASS": "north",
    "SSL_CERT_FILE": "/etc/ssl/own.pem",
    "HTTP_PROXY": "http://proxy:3128",
    "PYTHONDONTWRITEBYTECODE": "1",
    "CI": "true",
}


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_go(name: str) -> None:
    before = {name: SECRETS[name]}
    after = scrubbed_environment(before, temp=TEMP)
    assert name not in after
    assert SECRETS[name] not in [after[key] for key in after if after[key] == SECRETS[name] != "1"]


@pytest.mark.parametrize("name", KEPT)
def test_what_builds_need_stays(name: str) -> None:
    assert scrubbed_environment({name: KEPT[name]}, temp=TEMP)[name] == KEPT[name]


def test_what_is_set() -> None:
    after = scrubbed_environment({"TERM": "xterm", "TMPDIR": "/tmp", "FORCE_COLOR": "1"}, temp=TEMP)
    assert after["TMPDIR"] == str(TEMP)
    assert (after["TERM"], after["NO_COLOR"], after["PAGER"]) == ("dumb", "1", "cat")
    assert after["GIT_TERMINAL_PROMPT"] == "0"
    assert after["LANG"] == "C.UTF-8"
    assert "FORCE_COLOR" not in after
    caches = [
        after[name] for name in ("XDG_CACHE_HOME", "PIP_CACHE_DIR", "GOCACHE", "npm_config_cache")
    ]
    assert all(Path(path).is_relative_to(TEMP) for path in caches)
    elsewhere = scrubbed_environment({}, temp=TEMP, cache=Path("/cache"))
    assert elsewhere["XDG_CACHE_HOME"] == "/cache"


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_scrubbing_twice_is_scrubbing_once(environ: dict[str, str]) -> None:
    once = scrubbed_environment(environ, temp=TEMP)
    assert scrubbed_environment(once, temp=TEMP) == once
