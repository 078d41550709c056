"""Host discovery: which of the targets are up, found before and while ports are scanned."""
