"""Attribution: which ingredient, layer, row and column stands behind what moved."""
