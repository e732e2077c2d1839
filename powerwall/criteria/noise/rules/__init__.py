"""Rules: recorded noise limits, when they hold, and what they leave to the campus.

Rooms: `rows` (a rule and its columns), `tables` (ordinances in other forms), `hours`, `standing`
(which count on a day), `classes` (whom they protect), `limits` (what the campus alone may cause),
`check` (rows that cannot be read).
"""

from powerwall.criteria.noise.rules.hours import active_rules
from powerwall.criteria.noise.rules.limits import Margin, effective_limit, margin
from powerwall.criteria.noise.rules.rows import NoiseRule, rule_from_record

__all__ = ["Margin", "NoiseRule", "active_rules", "effective_limit", "margin", "rule_from_record"]
