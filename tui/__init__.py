"""PyScan's screen: a Textual application over engine.session."""
