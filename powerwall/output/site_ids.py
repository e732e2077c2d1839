"""Site ids: how a site of a ranking is called within its own region."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powerwall.region.read import Region


def local_id(region: Region, site_id: str) -> str:
    """Id of a site within its region; one of several regions has the region's name before it."""
    return site_id if site_id in region.sites.index else site_id.split(":", 1)[-1]
