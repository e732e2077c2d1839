"""Profiles: who would rank a site differently, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from powerwall.output.columns import Head, fitting_table
from powerwall.output.numbers import NOT_APPLICABLE
from powerwall.ranking.views import View, disagreements, under_profiles

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking

_NOTHING = 0.05  # points not worth a word
_MOST = 2000  # sites that are ranked anew for one line of text
_QUESTION = "who would rank it differently: "
_HEADS = (
    Head("weights", right=False, wraps=True), Head("rank"), Head("score"), Head("gains most in", right=False, goes=1), Head("loses most in", right=False, goes=2),
    Head("first there", right=False, goes=3, wraps=True),
)  # fmt: skip


def print_profiles(ranking: Ranking, site_id: str, to: Console) -> None:
    """Rank of one site under the region's weights and under every profile, by the same measures."""
    others = under_profiles(ranking)
    rows = [_row(other, others[""], ranking, site_id) for other in others.values()]
    to.print(Text("under other weights", style="bold"))
    to.print(fitting_table(_HEADS, rows, to.width))
    for name, other in others.items():
        if other.left_out:
            to.print(f"profile {name} leaves out {', '.join(other.left_out)}, which is not measured")  # fmt: skip
    to.print("profiles are starting points for talk, and nobody's view; gains and losses in points against the region's own weights\n")  # fmt: skip


def _row(view: View, own: View, ranking: Ranking, site_id: str) -> list[str]:
    site = view.sites.loc[site_id]
    status = ranking.frame["status"].loc[site_id]
    ranked = view.sites[view.sites["ranked"]]
    rank = f"{int(site['rank'])} of {len(ranked)}" if site["ranked"] else "unranked" if status == "ranked" else status  # fmt: skip
    moved = (view.points.loc[site_id] - own.points.loc[site_id]).groupby(
        lambda name: ranking.criteria[name].subject
    ).sum()  # fmt: skip
    gains, loses = str(moved.idxmax()), str(moved.idxmin())
    first = str(ranked["rank"].astype(int).idxmin()) if len(ranked) else ""
    return [
        view.label, str(rank), f"{site['score']:.2f}", f"{gains} {moved[gains]:+.1f}" if moved[gains] > _NOTHING else NOT_APPLICABLE,
        f"{loses} {moved[loses]:+.1f}" if moved[loses] < -_NOTHING else NOT_APPLICABLE,
        f"{ranking.frame['name'].loc[first]} ({first})" if first else NOT_APPLICABLE,
    ]  # fmt: skip


def differences(ranking: Ranking, width: int) -> str:
    """One line on who would rank differently, the largest shift first; what does not fit is left to `explain`.

    Empty where nobody would, or for too few sites or too many.
    """
    if not 2 <= int((ranking.frame["status"] == "ranked").sum()) <= _MOST:
        return ""
    agreed: dict[tuple[str, int, int], list[str]] = {}
    for item in disagreements(ranking, under_profiles(ranking)):
        agreed.setdefault((item.site_id, item.here, item.there), []).append(item.profile)
    if not agreed:
        return ""
    told = [
        f"{_listed(who)} {'puts' if len(who) == 1 else 'put'} {site} at {there} (here {here})"
        for (site, here, there), who in sorted(agreed.items(), key=lambda kept: -abs(kept[0][1] - kept[0][2]))
    ]  # fmt: skip
    lines = [_QUESTION + ", ".join(told)]
    lines += [f"{_QUESTION}{', '.join(told[:n])}, …" for n in range(len(told) - 1, 0, -1)]
    return next((line for line in lines if cell_len(line) <= width), lines[-1])


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
