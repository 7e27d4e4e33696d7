"""Pure arithmetic of partner health: plain values in, plain values out. No Django, no clock, no settings.

    model = compile_model(definition)                                     once per model version
    profile = model.profile(stage, tier=..., not_applicable=..., connected=...)   cached
    result = score(profile, {measure key: Reading}, exceptions=[...], override=Decimal | None)
    table = change(before, after); table.rows, table.total, table.reweight, table.largest_falls()
    state = step_band(model, state, result.score or None, exception_binds=result.exception_binds, run_date=...)
    display_score(result.score), display_lines(result), helps(result)
    to_detail(result) -> JSON for a snapshot; replay(model, detail) -> the same result bit for bit
    explain(...) in `health.scoring.explanation`; alert questions in `health.scoring.alerts`

Scores are 0..100, higher is healthier. Definitions come from `health.definitions`.
"""

from health.scoring.bands import BandState, nearest_run, step_band, trend
from health.scoring.changes import Change, ChangeRow, change
from health.scoring.display import Help, display_lines, display_score, helps, largest_remainder
from health.scoring.model import Model, Profile, compile_model, normalise
from health.scoring.reading import Reading, shrink
from health.scoring.results import Adjustment, Result, Row, replay, score, to_detail

__all__ = [
    "Adjustment",
    "BandState",
    "Change",
    "ChangeRow",
    "Help",
    "Model",
    "Profile",
    "Reading",
    "Result",
    "Row",
    "change",
    "compile_model",
    "display_lines",
    "display_score",
    "helps",
    "largest_remainder",
    "nearest_run",
    "normalise",
    "replay",
    "score",
    "shrink",
    "step_band",
    "to_detail",
    "trend",
]
