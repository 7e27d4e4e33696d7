from kombu.exceptions import OperationalError

from core import nudge as module
from core.nudge import nudge


class Recorder:
    """A task whose broker can be away."""

    name = "tests.recorder"

    def __init__(self, away: bool = False) -> None:
        self.away, self.calls = away, []

    def apply_async(self, args, retry):
        self.calls.append((args, retry))
        if self.away:
            raise OperationalError("refused")


def test_nudge_leaves_a_dead_broker_alone_for_a_while(monkeypatch):
    monkeypatch.setitem(module._closed_until, "broker", 0.0)
    task = Recorder(away=True)

    assert (nudge(task, 1), nudge(task, 2)) == (False, False)
    assert task.calls == [((1,), False)]


def test_nudge_hands_ids_on(monkeypatch):
    monkeypatch.setitem(module._closed_until, "broker", 0.0)
    task = Recorder()

    assert nudge(task, [1, 2]) is True
    assert task.calls == [(([1, 2],), False)]
