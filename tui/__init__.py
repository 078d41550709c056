"""PyScan's screen: a Textual application over engine.session."""

import os

# Textual paints a change at once, unless it painted another within the last one or two frames:
# then a key waits for the next one. With Textual's own 60 frames a second that is up to 33 ms.
os.environ.setdefault("TEXTUAL_FPS", "200")
