"""Every wire, one file an adapter, behind the contract in `line`."""
