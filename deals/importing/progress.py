"""One line on the terminal that says how far an import is, how fast, and how long it will still take."""

from __future__ import annotations

import time
from typing import TextIO

from django.utils.translation import gettext as _

WIDTH = 24
PERIOD = 0.1  # seconds between two drawings; on a stream that is no terminal, lines every LINE_PERIOD
LINE_PERIOD = 2.0


class Progress:
    """Draws on a terminal, prints lines elsewhere when asked to, and otherwise says nothing."""

    def __init__(self, stream: TextIO, *, wanted: bool | None = None) -> None:
        self.stream = stream
        self.terminal = stream.isatty()
        self.on = self.terminal if wanted is None else wanted
        self._drawn = False
        self.start("", "")

    def start(self, label: str, unit: str) -> None:
        """Begin a phase: `label` says what is done, `unit` what is counted."""
        self.finish()
        self.label, self.unit = label, unit
        self._began = self._shown = time.monotonic()

    def show(self, *, done: int, share: float) -> None:
        """`done` things are done, which is `share` (0 to 1) of the whole."""
        if not self.on:
            return
        now = time.monotonic()
        if now - self._shown < (PERIOD if self.terminal else LINE_PERIOD):
            return
        self._shown = now
        seconds = max(now - self._began, 1e-6)
        share = min(max(share, 0.0), 1.0)
        left = seconds / share - seconds if share > 0 else 0.0
        filled = round(WIDTH * share)
        text = _("{label} [{bar}] {percent} %  {done} {unit}  {rate}/s  {left} left").format(
            label=self.label,
            bar="#" * filled + "." * (WIDTH - filled),
            percent=round(100 * share),
            done=f"{done:,}",
            unit=self.unit,
            rate=f"{done / seconds:,.0f}",
            left=_duration(left),
        )
        self.stream.write(f"\r{text}\033[K" if self.terminal else f"{text}\n")
        self.stream.flush()
        self._drawn = self.terminal

    def finish(self) -> None:
        """Leave the line of the phase that ended."""
        if self._drawn:
            self.stream.write("\r\033[K")
            self.stream.flush()
            self._drawn = False


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
