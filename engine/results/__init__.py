"""The columnar store of port results, its immutable snapshots, and queries over them."""
