"""Rollouts wait for rollouts, and say so; what keeps services up does not."""

from __future__ import annotations

import threading

import pytest

from workers.agent.turns import Turns
from workers.errors import Stopped


def test_it_says_that_a_rollout_waits_and_lets_upkeep_through() -> None:
    turns, said, begun = Turns(1), threading.Event(), threading.Event()

    def second() -> None:
        with turns.rollout(said.set, lambda: None):
            begun.set()

    with turns.rollout(lambda: pytest.fail("nobody is before it"), lambda: None):
        waiting = threading.Thread(target=second)
        waiting.start()
        assert said.wait(2) and not begun.is_set()
        with turns.upkeep():
            pass
    assert begun.wait(2)
    waiting.join()


def test_it_stops_waiting_for_what_is_no_longer_wanted() -> None:
    def check() -> None:
        raise Stopped("superseded")

    turns = Turns(1)
    with turns.rollout(lambda: None, lambda: None), pytest.raises(Stopped), turns.rollout(lambda: None, check):
        pass
    with turns.rollout(lambda: pytest.fail("the turn was not given back"), lambda: None):
        pass
