"""Parameters of tools, as the model sends them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Params(BaseModel):
    """Base of all parameter models. Unknown parameters are errors, so that the model hears of a misspelt one."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)
