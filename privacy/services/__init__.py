"""Every write of the privacy room."""

from privacy.services.erasure import erase, replay
from privacy.services.requests import ask_for_erasure, close_account, refuse
from privacy.services.retention import due as rows_due
from privacy.services.retention import keep_schedule, run_schedule

__all__ = ["ask_for_erasure", "close_account", "erase", "keep_schedule", "refuse", "replay", "rows_due", "run_schedule"]
