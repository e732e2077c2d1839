"""Rank: measures → values, weights, requirements and an order that no other site can move.

The order itself: `values`, `weights` (with `profiles` and `overlap`), `settings` (all of them, checked), `requirements`,
`scores`, `cooling` (the plant of each site) and `rank`, which joins them. What is asked of it then:

- `robust` how firm it is, `spread` the same of one difference, `views` how others would rank, `whatif` what a site lacks
- `pick` and `portfolio` which sites stand together
- `compare` what moved: `ingredients` (what differs), `replay` (one of them alone), `attribution` and `causes` (which row and
  column), `moved` (what counts as moved), `gates` (how much may)
- `backtest` whether it came true
- `check` what is wrong or open in a region
"""
