"""Large load: what a tariff for large loads asks beside its prices.

`terms` are the fields of an instrument with the status of each, `forms` what a field can hold, `contract`
the years that a load is bound for, `upfront` what is paid before them.
"""

from powerwall.criteria.cost.large_load.terms import (
    LargeLoadTerms,
    own_terms,
    read_terms,
    shipped_terms,
    step,
    terms_of,
)

__all__ = ["LargeLoadTerms", "own_terms", "read_terms", "shipped_terms", "step", "terms_of"]
