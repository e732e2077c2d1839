"""Network: how much more a bus of a transmission network can draw before a branch is full.

A linear (DC) load flow: losses, voltage, stability and short circuit are not in it. One sparse
factorisation serves every bus and every outage; no matrix of all branches by all buses is formed.

The way through, from the files to a number::

    files      read_network: which kind of files, the folder of two CSVs, notes on the base case
    ├── matpower, pypsa    other files → the same two frames
    │   └── cells          cells as text, and where findings about them go
    ├── frames             what the two frames hold, and what must be true of them
    └── model              Network: base flows, withdrawal headroom
        ├── search         the smallest withdrawal that fills a branch, base case and outages
        ├── flow           branches in service, factorised: flows, PTDF and LODF columns
        └── bridges        outages that island, and buses that they cut off
"""

from powerwall.criteria.power.network.files import read_network
from powerwall.criteria.power.network.model import COLUMNS, Network
from powerwall.criteria.power.network.search import CUT_OFF, GENERATION

__all__ = ["COLUMNS", "CUT_OFF", "GENERATION", "Network", "read_network"]
