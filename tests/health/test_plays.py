"""The proposed play of an alert: of the exception, else of the first reason that has one, else of the kind."""

from __future__ import annotations

import pytest

from health.models import Alert, ExceptionFlag
from health.plays import BY_EXCEPTION, BY_KIND, BY_SIGNAL, play_for, play_text


@pytest.mark.parametrize(
    ("kind", "keys", "exceptions", "play"),
    [
        ("exception", ["deal_rhythm"], ["payment_dispute"], "exception:payment_dispute"),
        ("band", ["deal_rhythm", "trade_depth"], [], "deal_rhythm"),
        ("band", ["engagement.attendance"], [], "engagement"),
        ("band", ["exception:notice_received", "deal_rhythm"], ["notice_received"], "exception:notice_received"),
        ("drop", ["override", "joint_wins"], [], "joint_wins"),
        ("drop", [], [], "drop"),
        ("coverage", ["deal_rhythm"], [], "coverage"),
    ],
)
def test_play_follows_the_reasons(kind, keys, exceptions, play):
    assert play_for(kind, keys, exceptions) == play
    assert play_text(play)


def test_every_kind_and_exception_has_a_play():
    assert set(BY_KIND) == set(Alert.Kind.values)
    assert set(BY_EXCEPTION) == set(ExceptionFlag.Key.values)
    assert not set(BY_KIND) & set(BY_SIGNAL)
