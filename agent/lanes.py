"""Which lane a tier at an effort is, by the catalog and the person's own models; and on record why it was taken."""

from __future__ import annotations

from .bus import Recorder
from .context.transcript import Lane
from .events import Routed
from .events_requests import TokenPrice
from .history.journal import utc_now
from .settings.config import Settings
from .v4.catalog import Catalog
from .v4.facts import Tier
from .v4.ledger import Ledger


def lane_of(catalog: Catalog, settings: Settings, tier: Tier, effort: str) -> Lane:
    """`effort` is any word that the catalog has."""
    models = {
        "pro": settings.model_pro or catalog.tiers.pro,
        "flash": settings.model_flash or catalog.tiers.flash,
    }
    return Lane(catalog.resolve(models[tier]).id, catalog.efforts[effort])


def route(recorder: Recorder, ledger: Ledger, role: str, lane: Lane, reason: str) -> None:
    """Put on record that this agent works in this lane, at what price, and why."""
    price = ledger.price(lane.model, utc_now())
    known = TokenPrice(price.hit, price.miss, price.output) if price.known else None
    recorder.emit(Routed(role, lane.model, lane.effort, reason, known))
