"""What becomes of an error in a worker: a line the user can read instead of a dead screen."""

from __future__ import annotations

from textual.message_pump import MessagePump
from textual.worker import Worker, WorkerState

from engine.sanitize import clean


class ReportsFailedWork(MessagePump):
    """For an app or a screen whose workers must not end the program."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Tell the user that a worker of ours came to grief."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            reason = clean(f"{type(error).__name__}: {error}", 300)
            self.app.notify(
                f"A fault in PyScan itself ({event.worker.name}): {reason}",
                severity="error",
                markup=False,
                timeout=15,
            )
