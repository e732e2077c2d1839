"""Stack: the layers that together make the price of one territory and size of load.

`read` takes a stack from its file by `keys`, `prices`, `series` and `layer`; `stack` is what it holds and
lacks, `years` and `bills` what it charges over a contract, `choice` which stack serves a site.
"""

from powerwall.criteria.cost.stack.bills import Year
from powerwall.criteria.cost.stack.choice import Stacks
from powerwall.criteria.cost.stack.layer import StackLayer
from powerwall.criteria.cost.stack.read import read_stack
from powerwall.criteria.cost.stack.stack import Scenario, Stack

__all__ = ["Scenario", "Stack", "StackLayer", "Stacks", "Year", "read_stack"]
