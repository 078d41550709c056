"""The panes of the main screen. Each shows a snapshot and knows nothing of the others."""
