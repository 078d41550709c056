"""What each scan type sends, and what the answers mean: one file per scan type, tables as data."""
