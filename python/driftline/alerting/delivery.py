"""Sending: claimed first, in parallel by channel, tried again within limits, recorded as soon as it is known.

The main thread alone speaks with the warehouse; each channel sends in a thread of its own. A message that was claimed
and not recorded, because the run died in between, is taken over by a later run once its lease has ended, under the
same key. So nothing is lost, and only a death between sending and recording can send something twice.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from driftline.alerting.channels import Channel, Context, Receipt
from driftline.alerting.config import DeliverySettings
from driftline.alerting.ledger import OPEN_ENDED, Ledger
from driftline.alerting.notification import Message, message_key
from driftline.errors import DeliveryError, reason_of
from driftline.scrub import Scrubber
from driftline.text import printable
from driftline.warehouse import Warehouse

# Claimed at once for one channel: what a run that dies leaves to the end of its lease.
_AHEAD = 20
_ENTRIES_AHEAD = 1000
# So many messages in a row that fail say that the channel is down, and not one message wrong.
_DOWN_AFTER = 3
_LONGEST_WAIT = 30.0
# Handed back unsent: to be claimed again.
_RETURNED = "returned"


@dataclass(frozen=True)
class Job:
    """What one channel has to send. ``guard`` says, after a claim, why a message must wait after all."""

    channel: Channel
    context: Context
    messages: Sequence[Message]
    longest: float
    take_over: Sequence[str] = OPEN_ENDED
    guard: Callable[[Message], str] | None = None


@dataclass(frozen=True)
class Result:
    message: Message
    outcome: str
    detail: str = ""
    exit_code: int | None = None


class _Worker(threading.Thread):
    """Sends one channel's messages, one after the other."""

    def __init__(
        self, job: Job, settings: DeliverySettings, outbox: queue.SimpleQueue[tuple[_Worker, Result]], scrub: Scrubber
    ) -> None:
        super().__init__(name=f"driftline {job.channel.name}", daemon=True)
        self.job = job
        self.backlog: deque[Message] = deque(job.messages)
        self.in_hand: dict[str, Message] = {}
        self.inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self.lease_until = 0.0
        """Until when (monotonic) what is in hand is this run's."""
        self.down = ""
        self.since: float | None = None
        self.abandoned = False
        self._settings = settings
        self._outbox = outbox
        self._scrub = scrub
        self._stop_now = threading.Event()
        self._failures = 0

    def run(self) -> None:
        while (message := self.inbox.get()) is not None:
            self.since = time.monotonic()
            result = self._result_of(message)
            self.since = None
            self._outbox.put((self, result))

    def end(self) -> None:
        self._stop_now.set()
        self.inbox.put(None)

    def _result_of(self, message: Message) -> Result:
        if self.down:
            return Result(message, "failed", f"not tried: {self.down}")
        try:
            receipt = self._send(message)
        except DeliveryError as error:
            detail = self._scrub(error.message)
            self._failures += 1
            if error.broken or self._failures >= _DOWN_AFTER:
                self.down = detail
            return Result(message, "failed", detail)
        except Exception as error:
            self._failures += 1
            return Result(message, "failed", self._scrub(_unexpected(error)))
        self._failures = 0
        return Result(message, receipt.outcome, self._scrub(receipt.detail), receipt.exit_code)

    def _send(self, message: Message) -> Receipt:
        settings = self._settings
        started = time.monotonic()
        # A channel that has just failed gets one try for each further message.
        attempts = settings.attempts if self._failures == 0 else 1
        for attempt in range(1, attempts + 1):
            if self._stop_now.is_set():
                raise DeliveryError("the run was ended")
            if time.monotonic() >= self.lease_until:
                # The machine slept, or the warehouse was slow: by now it may be in another run's hands.
                return Receipt(_RETURNED)
            try:
                return self.job.channel.send(message, self.job.context)
            except DeliveryError as error:
                if not error.temporary or attempt == attempts:
                    raise
                wait = settings.back_off * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
                wait = max(min(wait, _LONGEST_WAIT), error.retry_after or 0.0)
                if time.monotonic() - started + wait > settings.give_up_after:
                    if error.retry_after:
                        # It asked to be left alone for longer than this run lasts.
                        error.broken = True
                    raise
                self._stop_now.wait(wait)
        raise AssertionError("unreachable")


def _unexpected(error: Exception) -> str:
    kind, _, said = reason_of(error).partition(": ")
    return printable(f"unexpected error ({kind}): {said}" if said else f"unexpected error: {kind}")


@dataclass
class Deliverer:
    warehouse: Warehouse
    ledger: Ledger
    settings: DeliverySettings
    run_id: str
    scrub: Scrubber
    on_result: Callable[[Result], None]
    elsewhere: set[str] = field(default_factory=set)
    """Keys that another run was sending."""

    def deliver(self, jobs: Sequence[Job]) -> None:
        """Send and record everything. Raises WarehouseError if the ledger cannot be written."""
        outbox: queue.SimpleQueue[tuple[_Worker, Result]] = queue.SimpleQueue()
        workers = [_Worker(job, self.settings, outbox, self.scrub) for job in jobs if job.messages]
        lease = timedelta(seconds=self.settings.lease)
        renewed = time.monotonic()
        for worker in workers:
            worker.start()
        try:
            while any(worker.backlog or worker.in_hand for worker in workers):
                for worker in workers:
                    if not worker.in_hand and worker.backlog:
                        self._hand_over(worker, lease)
                results = self._wait(outbox, any(worker.in_hand for worker in workers))
                results += self._overdue(workers)
                self._record(results)
                if time.monotonic() - renewed > self.settings.lease / 3 and any(w.in_hand for w in workers):
                    asked = time.monotonic()
                    self.ledger.renew(self.run_id, lease)
                    renewed = asked
                    for worker in workers:
                        worker.lease_until = asked + self.settings.lease
        finally:
            for worker in workers:
                worker.end()
                worker.job.channel.close()

    def _hand_over(self, worker: _Worker, lease: timedelta) -> None:
        """Claim a channel's next messages and give them to its worker."""
        batch: list[Message] = []
        entries = 0
        while worker.backlog and len(batch) < _AHEAD and (not batch or entries < _ENTRIES_AHEAD):
            batch.append(worker.backlog.popleft())
            entries += len(batch[-1].entries)
            if worker.job.guard is not None:
                break
        asked = time.monotonic()
        won = self.ledger.claim(
            [entry for message in batch for entry in message.entries], self.run_id, lease, worker.job.take_over
        )
        worker.lease_until = asked + self.settings.lease
        for message in batch:
            kept = [entry for entry in message.entries if entry.key in won]
            self.elsewhere |= {entry.key for entry in message.entries} - won
            if not kept:
                continue
            if len(kept) < len(message.entries):
                if message.again:
                    # It may have arrived as a whole, so a part of it under another key would be a repeat that nobody
                    # can recognise. Its other rows are free again soon.
                    self.ledger.give_back([entry.key for entry in kept], self.run_id)
                    self.elsewhere |= {entry.key for entry in message.entries}
                    continue
                message = self._part(message, won)
            reason = worker.job.guard(message) if worker.job.guard is not None else ""
            if reason:
                self._record([(worker, Result(message, "held", reason))])
                continue
            worker.in_hand[message.key] = message
            worker.inbox.put(message)

    def _part(self, message: Message, won: set[str]) -> Message:
        """The part of a message that another run is not sending. It is another message, so it has another key."""
        notifications = tuple(n for n in message.notifications if n.entry.key in won)
        entries = tuple(entry for entry in message.entries if entry.key in won)
        key = message_key(entries)
        self.ledger.rekey([entry.key for entry in entries], self.run_id, key)
        return replace(
            message,
            key=key,
            notifications=notifications,
            entries=tuple(replace(entry, message_key=key) for entry in entries),
        )

    def _wait(self, outbox: queue.SimpleQueue[tuple[_Worker, Result]], busy: bool) -> list[tuple[_Worker, Result]]:
        found: list[tuple[_Worker, Result]] = []
        if not busy:
            return found
        try:
            found.append(outbox.get(timeout=0.05))
        except queue.Empty:
            # No transaction stays open while a channel takes its time.
            self.warehouse.release()
            try:
                found.append(outbox.get(timeout=min(1.0, self.settings.lease / 4)))
            except queue.Empty:
                return found
        while True:
            try:
                found.append(outbox.get_nowait())
            except queue.Empty:
                return [(worker, result) for worker, result in found if not worker.abandoned]

    def _overdue(self, workers: Sequence[_Worker]) -> list[tuple[_Worker, Result]]:
        """Give up a channel that does not come back, whatever its own limits were: the others must not wait for it."""
        found: list[tuple[_Worker, Result]] = []
        for worker in workers:
            since = worker.since
            if worker.abandoned or since is None or time.monotonic() - since < worker.job.longest:
                continue
            worker.abandoned = True
            worker.down = f"it did not come back within {worker.job.longest:.0f} s"
            found += [(worker, Result(message, "failed", worker.down)) for message in worker.in_hand.values()]
            for message in worker.backlog:
                self.ledger.claim(message.entries, self.run_id, timedelta(0), worker.job.take_over)
                found.append((worker, Result(message, "failed", f"not tried: {worker.down}")))
            worker.backlog.clear()
        return found

    def _record(self, results: Sequence[tuple[_Worker, Result]]) -> None:
        together: dict[tuple[str, str, int | None], list[str]] = defaultdict(list)
        for worker, result in results:
            worker.in_hand.pop(result.message.key, None)
            if result.outcome == _RETURNED:
                worker.backlog.append(result.message)
                continue
            alike = (result.outcome, result.detail, result.exit_code)
            together[alike].append(result.message.key)
        for (outcome, detail, exit_code), keys in together.items():
            self.ledger.settle(keys, self.run_id, outcome, detail, exit_code)
        for _, result in results:
            if result.outcome != _RETURNED:
                self.on_result(result)
