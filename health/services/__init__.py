"""Writes of the health room: computations, model versions, interventions of people, requests, backtests."""

from health.services.interventions import (
    clear_exception,
    end_override,
    raise_exception,
    set_applicable,
    set_not_applicable,
    set_override,
)
from health.services.runs import Progress, compute, compute_chunk, compute_history, finish_run, start_run
from health.services.schedule import compute_requested, due_chunks, request_score, requests_due
from health.services.versions import BandMove, DryRun, dry_run, install_shipped, publish, save_draft

__all__ = [
    "BandMove",
    "DryRun",
    "Progress",
    "clear_exception",
    "compute",
    "compute_chunk",
    "compute_history",
    "compute_requested",
    "dry_run",
    "due_chunks",
    "end_override",
    "finish_run",
    "install_shipped",
    "publish",
    "raise_exception",
    "request_score",
    "requests_due",
    "save_draft",
    "set_applicable",
    "set_not_applicable",
    "set_override",
    "start_run",
]
