"""Tariff: what a load pays under a rate sheet, month by month, or the reasons why it cannot be told.

`urdb` and `bulk` read a record of the U.S. Utility Rate Database, `charges` are what a sheet can
charge, `determinants` what it charges for, `calendar` when, `bill` puts them together. What cannot
be billed correctly is a `TariffRefusal`, never a partial number.
"""

from powerwall.criteria.cost.tariff.bill import Tariff
from powerwall.criteria.cost.tariff.determinants import Determinants
from powerwall.criteria.cost.tariff.refusal import Refusal, TariffRefusal
from powerwall.criteria.cost.tariff.urdb import read_urdb

__all__ = ["Determinants", "Refusal", "Tariff", "TariffRefusal", "read_urdb"]
