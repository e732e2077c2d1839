"""Kept: computed once an object, and no object waits for another."""

from __future__ import annotations

import threading

from powerwall.region.search.kept import kept


class Slow:
    def __init__(self, wait=lambda: None):
        self.wait, self.asked = wait, 0

    @kept
    def answer(self):
        """What it is about."""
        self.asked += 1
        self.wait()
        return self.asked


def test_it_is_computed_at_the_first_use_alone():
    one, other = Slow(), Slow()
    assert [one.answer, one.answer, other.answer] == [1, 1, 1]
    assert one.asked == 1
    assert "answer" in vars(one)
    assert Slow.answer.__doc__ == "What it is about."


def test_two_objects_are_computed_at_the_same_time():
    both = threading.Barrier(2)
    slow = [Slow(lambda: both.wait(timeout=20)) for _ in range(2)]
    threads = [threading.Thread(target=lambda each=each: each.answer) for each in slow]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert [vars(each).get("answer") for each in slow] == [1, 1]
