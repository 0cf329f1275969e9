"""What the entities share: commands one at a time, each carried out once, answered only after its commit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from models.messages.office import Answered, Command, Reply
    from terms.citation import Refused

REMEMBERED = 50  # the last answers go through continue-as-new; older ones are in the database
ROLL_OVER_AFTER = 4  # commands of about nine events each: a run's history stays under some forty


class Remembering(Protocol):
    """A state that remembers its version and its answers."""

    version: int
    answers: list[Answered]


State = TypeVar("State", bound=BaseModel)
Commit = TypeVar("Commit")


def refusal_in(failed: ActivityError) -> Refused | None:
    """Give the refusal that an activity met, if that is what it failed of."""
    cause = failed.cause
    if isinstance(cause, ApplicationError) and cause.type == "Refused":
        return Refused(**cause.details[0])
    return None


class Entity(Generic[State]):
    """The single writer of one thing's state."""

    def __init__(self, state: State) -> None:
        self.s = state
        self.changes = 0
        self.commands = 0
        self._turn = asyncio.Lock()

    def answered(self, key: str) -> Reply | None:
        """Give the answer to a command that was carried out."""
        answers: list[Answered] = self.s.answers  # type: ignore[attr-defined] # every state of an entity has them
        known = next((a for a in answers if a.key == key), None)
        return None if known is None else Reply(status=known.status, body=known.body)

    async def carry_out(
        self, c: Command, decide: Callable[[], Commit], commit: Callable[[Commit], Awaitable[Reply]]
    ) -> Reply:
        """Decide, commit, remember: one command after the other, each once.

        A refusal by the terms, in the decision or in the commit, leaves the state as it was.

        Raises:
            Refused: the terms refuse the command.
        """
        async with self._turn:
            known = self.answered(c.origin.key)
            if known is not None:
                return known
            before = self.s.model_copy(deep=True)
            try:
                reply = await commit(decide())
            except Refused:
                self._put_back(before)
                raise
            except ActivityError as failed:
                refused = refusal_in(failed)
                if refused is None:
                    raise
                self._put_back(before)
                raise refused from None
            self._remember(Answered(key=c.origin.key, status=reply.status, body=reply.body))
        return reply

    async def act(self, do: Callable[[], Awaitable[None]]) -> None:
        """Do by itself what is due, never while a command is being carried out."""
        async with self._turn:
            await do()
            self.changes += 1

    def _remember(self, answer: Answered) -> None:
        answers: list[Answered] = self.s.answers  # type: ignore[attr-defined] # every state of an entity has them
        self.s = self.s.model_copy(update={"answers": [*answers, answer][-REMEMBERED:]})
        self.changes += 1
        self.commands += 1

    def _put_back(self, before: State) -> None:
        """Stay as before; what was refused stands in the history too, and somebody may try it for ever."""
        self.s = before
        self.changes += 1
        self.commands += 1

    def should_roll_over(self) -> bool:
        """Tell whether the history is long enough to go on in a new run."""
        return self.commands >= ROLL_OVER_AFTER or workflow.info().is_continue_as_new_suggested()
