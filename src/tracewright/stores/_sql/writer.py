"""Commits in groups: what many callers hand in while one transaction is under way goes into the next, together.

Durable single writes cost one sync of the disk each; in a group they share it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock, Thread

import sqlalchemy as sa

from tracewright.errors import StoreError
from tracewright.stores._sql.database import writing

GROUP = 200
QUEUE = 2000

Work = Callable[[sa.Connection], int]


@dataclass(frozen=True)
class _Item:
    work: Work
    done: Future[int] = field(default_factory=Future)


class _SpoiltError(Exception):
    """One piece of work failed and takes the transaction with it."""


class Writer:
    """Runs pieces of work in the order of arrival, up to `GROUP` in one transaction.

    Its one thread lives as long as there is work, so nothing need be closed.
    """

    def __init__(self, engine: sa.Engine, queue: int = QUEUE) -> None:
        self._engine = engine
        self._limit = queue
        self._waiting: deque[_Item] = deque()
        self._lock = Lock()
        self._running = False

    def submit(self, work: Work) -> Future[int]:
        """Queue a piece of work; its future is done once the transaction is on disk. Raises StoreError when full."""
        item = _Item(work)
        with self._lock:
            if len(self._waiting) >= self._limit:
                raise StoreError(f"the store has {self._limit} writes waiting and takes no more; try again later")
            if not self._running:
                Thread(target=self._run, name="store-writer").start()
                self._running = True
            self._waiting.append(item)
        return item.done

    def _run(self) -> None:
        while group := self._take():
            # Whoever gave up waiting before this moment finds nothing written.
            self._settle([item for item in group if item.done.set_running_or_notify_cancel()])

    def _take(self) -> list[_Item]:
        with self._lock:
            group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
            self._running = bool(group)
            return group

    def _settle(self, group: Sequence[_Item]) -> None:
        """Commit a group; where one piece of work fails, the others are done again without it."""
        try:
            answers = self._commit(group)
        except _SpoiltError as error:
            if len(group) == 1:
                return group[0].done.set_exception(error.__cause__)
            for item in group:
                self._settle([item])
        except Exception as error:  # noqa: BLE001 - callers wait: whatever went wrong must reach them
            for item in group:
                item.done.set_exception(error)
        else:
            for item, answer in zip(group, answers, strict=True):
                item.done.set_result(answer)

    def _commit(self, group: Sequence[_Item]) -> list[int]:
        with writing(self._engine) as connection:
            try:
                return [item.work(connection) for item in group]
            except Exception as error:
                raise _SpoiltError from error
