"""A local V4 endpoint for tests, demos and benchmarks, on DeepSeek's own request converter.

README.md beside this file has the scenario format, the faults and the command line.
"""

from .faults import CATALOGUE, Fault, Rate
from .prompt import count_tokens, render
from .scenario import Scenario, ScenarioError, load_scenario, parse_scenario
from .server import RehearsalServer
from .settings import RequestRecord, Settings

__all__ = [
    "CATALOGUE",
    "Fault",
    "Rate",
    "RehearsalServer",
    "RequestRecord",
    "Scenario",
    "ScenarioError",
    "Settings",
    "count_tokens",
    "load_scenario",
    "parse_scenario",
    "render",
]
