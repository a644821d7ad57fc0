"""What sends the requests, loaded beside everything else."""

from __future__ import annotations

from ...agent.v4.courier import courier as courier
