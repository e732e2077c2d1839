"""Permit: what the council must grant before a site is built on, as stages of its network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from powerwall.criteria.power.lead_time.stages import Stage

if TYPE_CHECKING:
    from powerwall.criteria.policy.paths import PermitPath

#: Stages of a permit path.
PERMIT = ("moratorium", "permit", "appeal")
#: What is built on the site itself; the line and the study do not wait for its permit.
FOLLOWERS = ("shell", "substation", "install")


def permit_part(path: PermitPath | None) -> dict[str, Stage]:
    """Stages of a permit path; none without one."""
    if path is None:
        return {}
    return {
        name: Stage(**{**stage, "preds": tuple(stage["preds"])}) for name, stage in path.stages.items()
    }  # fmt: skip


def after_permit(
    stages: Mapping[str, Stage], path: PermitPath | None, also: Iterable[str] = ()
) -> dict[str, Stage]:
    """Stages of a service, those of `FOLLOWERS` and `also` after the last one of the permit path.

    The name of a stage is what follows the dot, as bridges have it.
    """
    if path is None:
        return dict(stages)
    waiting = {*FOLLOWERS, *also}
    return {
        name: stage._replace(preds=(*stage.preds, path.last)) if name.rpartition(".")[2] in waiting else stage
        for name, stage in stages.items()
    }  # fmt: skip
