"""`powerwall explain`: every number of one site."""

from __future__ import annotations

from typing import Annotated

import typer

from powerwall.cli import options as opt


def explain(
    region: opt.RegionPath,
    site: Annotated[
        str,
        typer.Argument(
            metavar="SITE", help="Id of the site, or a part of its name.", show_default=False
        ),
    ],
    mw: opt.Mw = None,
    first_mw: opt.FirstMw = None,
    need_by: opt.NeedBy = None,
    horizon: opt.Horizon = None,
    as_of: opt.AsOf = None,
    cooling: opt.Cooling = None,
    weight: opt.Weight = None,
    profile: opt.Profile = "",
    form: Annotated[
        str, typer.Option("--format", metavar="table|json", help="What stdout gets.")
    ] = "table",
    draws: Annotated[
        int, typer.Option("--draws", min=0, help="Draws that tell how firm its place is; 0 for none.")
    ] = 4096,
    top_k: opt.TopK = None,
    concentration: opt.Concentration = None,
    seed: opt.Seed = None,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:  # fmt: skip
    """Show every measure of a site: value, weight, contribution, source, and what would change its rank.

    Example: powerwall explain regions/northern-virginia.toml va-possum-point
    """
    del debug
    opt.one_of(form, ("table", "json"), "--format")
    points, drawing = opt.weights(weight), opt.drawn(draws, top_k, concentration)
    from powerwall.output.console import console

    out, err = console(color=not no_color), console(stderr=True, color=not no_color)
    with opt.failing(err):
        from powerwall.criteria.measure import measure
        from powerwall.ranking.rank import rank

        read = opt.requested(
            region,
            {
                "mw": mw,
                "first_mw": first_mw,
                "need_by": need_by,
                "horizon": horizon,
                "as_of": as_of,
                "cooling": cooling,
                "seed": seed,
            },
            site,
        )
        ranking = rank(read, measure(read), weights=points, profile=profile)
        names = dict(
            zip(ranking.frame.index.astype(str), ranking.frame["name"].astype(str), strict=True)
        )
        site_id = opt.find_site(site, names)
        if draws:
            ranking = ranking.with_draws(draws, **drawing)
    opt.warn(read.findings, err, quiet=quiet, chosen=ranking.settings.findings)
    if form == "json":
        import json

        from powerwall.output.noise import noise_record
        from powerwall.output.texts import records
        from powerwall.output.water import plant_records

        record = next(r for r in records(ranking) if r["site_id"] == site_id)
        record["cooling_plants"] = plant_records(ranking, site_id)
        record["noise"] = noise_record(ranking, site_id)
        out.file.write(json.dumps(record, ensure_ascii=False, indent=1) + "\n")
        return
    from powerwall.output.explain import print_site

    print_site(ranking, site_id, out)
