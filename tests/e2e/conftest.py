from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from leadline.agent.rehearsal.scenario import Scenario
from leadline.agent.rehearsal.server import RehearsalServer
from leadline.agent.rehearsal.settings import Settings
from leadline.tests.support.cli import Ran, environment, leadline
from leadline.tests.support.loaded import loaded, started_anew
from leadline.tests.support.repos import make_repo


@dataclass(frozen=True)
class Stage:
    """A repository, an endpoint that plays a script, and Leadline between them."""

    repo: Path
    home: Path
    server: RehearsalServer
    extra: Mapping[str, str]

    @property
    def env(self) -> dict[str, str]:
        return environment(self.home, self.server.base_url, self.extra)

    def within(self, folder: Path) -> Stage:
        return replace(self, repo=folder)

    def having(self, **variables: str) -> Stage:
        return replace(self, extra={**self.extra, **variables})

    async def __call__(self, *args: str) -> Ran:
        return await leadline(*args, cwd=self.repo, env=self.env)

    async def run(self, *flags: str, task: str = "make add work") -> Ran:
        return await self("run", task, "--json", *flags)


MakeStage = Callable[..., Awaitable[Stage]]


@pytest.fixture(scope="session", autouse=True)
def runs_are_forks() -> Iterator[None]:
    with loaded():
        yield


@pytest.fixture
def anew() -> Iterator[None]:
    """For tests that look at a run's process from outside."""
    with started_anew():
        yield


@pytest.fixture
def variables() -> Mapping[str, str]:
    """What a module's runs have in their environment. No pack, unless a module is about it: each run of a test has a
    state folder of its own, where nothing is indexed or counted yet, and that is half of what such a run would cost."""
    return {"LEADLINE_PACK_TOKENS": "0"}


@pytest.fixture
async def stage(tmp_path: Path, variables: Mapping[str, str]) -> AsyncIterator[MakeStage]:
    """`await stage(scenario, settings)`: everything a test of a whole run needs."""
    async with AsyncExitStack() as stack:

        async def make(scenario: Scenario, settings: Settings | None = None) -> Stage:
            server = await stack.enter_async_context(RehearsalServer(scenario, settings))
            return Stage(make_repo(tmp_path / "repo"), tmp_path / "home", server, variables)

        yield make
    for file in (tmp_path / "home" / "crashes").glob("*"):  # pytest shows it where a test fails
        sys.stderr.write(file.read_text())
