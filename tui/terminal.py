"""TerminalDriver: Textual's driver for terminals, for a program that is told to continue (SIGCONT)
although it had not suspended itself.

``kill -STOP`` and ``kill -CONT`` do that, and ``timeout`` sends a SIGCONT behind its SIGTERM. As it
is (Textual 8.2), the driver would begin a second time beside the first: two threads share the keys
out among them, the program does not end, and the terminal is left without echo.
"""

from __future__ import annotations

from typing import Any

from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """Takes the terminal once, and no more after the end."""

    def __init__(self, *words: Any, **options: Any) -> None:
        self._suspended = self._told = self._at_it = False
        super().__init__(*words, **options)

    @property
    def _reads(self) -> bool:
        """Whether the terminal is ours."""
        return self._key_thread is not None and self._key_thread.is_alive()

    def suspend_application_mode(self) -> None:
        """Give the terminal back for a while."""
        self._suspended = True
        super().suspend_application_mode()

    def resume_application_mode(self) -> None:
        """Take the terminal again. Who was stopped without having given it back does so first: a
        shell may have used it. Once the program ends, it stays as it was given back.

        A signal handler calls this, in the midst of an earlier call, too: that one does it once
        more then, because what it is at may have failed (in the background, a shell's ``bg``).
        """
        self._told = True
        if self._at_it:
            return
        self._at_it = True
        try:
            while self._told:
                self._told = False
                self._take_again()
        finally:
            self._at_it = False

    def _take_again(self) -> None:
        if self._reads:
            self.suspend_application_mode()
            self.send_message(self.SignalResume())
        if self._suspended:
            super().resume_application_mode()
            self._suspended = not self._reads
