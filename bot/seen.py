"""What was delivered before: platforms repeat a request whose answer they did not get in time."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

REMEMBERED = 5000
ANSWERS_REMEMBERED = 500  # an answer may hold a whole form
Given = TypeVar("Given")


class Seen:
    """Remembers the last keys, so that a request delivered twice is carried out once.

    Only a shortcut: after a restart it is empty, and the handlers are idempotent by themselves.
    """

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()

    def before(self, key: str | None) -> bool:
        """Tells whether this key came before, and remembers it."""
        if not key:
            return False
        if key in self._keys:
            return True
        self._keys[key] = None
        if len(self._keys) > REMEMBERED:
            self._keys.popitem(last=False)
        return False


class Once(Generic[Given]):
    """Carries out a request once, and gives whom it is delivered to again the same answer.

    A repetition may come while the first is still worked on: it waits for that one's answer.
    """

    def __init__(self, keeps: Callable[[Given], bool] = lambda _answer: True) -> None:
        self._keeps = keeps
        self._given: OrderedDict[str, asyncio.Task[Given]] = OrderedDict()

    async def give(
        self, key: str | None, work: Callable[[], Coroutine[Any, Any, Given]]
    ) -> tuple[Given, bool]:
        """Gives the answer, and whether this is the first time; without a key it always is."""
        if not key:
            return await work(), True
        found = self._given.get(key)
        if found is not None:
            return await asyncio.shield(found), False
        task = self._given[key] = asyncio.create_task(work())
        task.add_done_callback(partial(self._done, key))
        while len(self._given) > ANSWERS_REMEMBERED:
            self._given.popitem(last=False)
        return await asyncio.shield(task), True

    def _done(self, key: str, task: asyncio.Task[Given]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if (failed or not self._keeps(task.result())) and self._given.get(key) is task:
            del self._given[key]
