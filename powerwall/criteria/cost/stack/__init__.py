"""Stack: the layers that together make the price of one territory and size of load.

`prices` and `layer` read what a layer says, `stack` puts the layers of a year together, `choice`
tells which stack serves a site.
"""

from powerwall.criteria.cost.stack.bills import Year
from powerwall.criteria.cost.stack.choice import Stacks
from powerwall.criteria.cost.stack.layer import StackLayer
from powerwall.criteria.cost.stack.stack import Scenario, Stack, read_stack

__all__ = ["Scenario", "Stack", "StackLayer", "Stacks", "Year", "read_stack"]
