"""Calls of several threads answered as one, without waiting for anybody where nobody else calls."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["Gathering"]

T = TypeVar("T")
R = TypeVar("R")


class Gathering(Generic[T, R]):
    """A function of many questions that several threads share.

    Whoever calls while nobody is at work leads: it answers its own questions, and those of all who wait, in one call
    of the function. Who calls meanwhile waits, and the first of them leads the next call. So nothing is put off, and
    the more threads there are the larger the calls become. One call is at work at a time.

    A call that fails is made again for each caller by itself, so that an error reaches the caller whose question made
    it, and no other.
    """

    def __init__(self, answer: Callable[[Sequence[T]], Sequence[R]], *, most: int) -> None:
        """
        Args:
            answer: n >= 1 questions to n answers, in order; each as it would be alone.
            most: questions of different callers in one call; a caller with more has a call of its own.
        """
        self._answer = answer
        self._most = most
        self._lock = Lock()
        self._at_work = False
        self._waiting: deque[_Caller[T, R]] = deque()
        self._calls = 0
        self._answered = 0

    @property
    def calls(self) -> int:
        """Calls of the function so far."""
        return self._calls

    @property
    def answered(self) -> int:
        """Questions that they answered, or failed to."""
        return self._answered

    def ask(self, questions: Sequence[T]) -> Sequence[R]:
        """The answers to n >= 1 questions, in order.

        Raises:
            Whatever the function raises for these questions.
        """
        caller = _Caller[T, R](questions)
        with self._lock:
            caller.leads = not self._at_work
            self._at_work = True
            self._waiting.append(caller)
        if not caller.leads:
            self._wait(caller)
        if caller.leads:
            self._lead()
        return caller.result()

    def _wait(self, caller: "_Caller[T, R]") -> None:
        """Until the caller is answered or shall lead. One that is interrupted leaves the queue."""
        try:
            caller.woken.acquire()
        except BaseException:
            with self._lock:
                if caller in self._waiting:
                    self._waiting.remove(caller)
                    if caller.leads:
                        self._pass_on()
            raise

    def _lead(self) -> None:
        """Answer the first of those that wait, which is this thread's caller, and as many others as there is room
        for; then let the next one lead. Whoever is not answered because this thread was interrupted waits on."""
        callers = self._take()
        try:
            self._call(callers)
        finally:
            followers = callers[1:]
            with self._lock:
                self._waiting.extendleft(reversed([each for each in followers if not each.has_result]))
                self._pass_on()
            for caller in followers:
                if caller.has_result:
                    caller.woken.release()

    def _take(self) -> "list[_Caller[T, R]]":
        with self._lock:
            callers = [self._waiting.popleft()]
            count = len(callers[0].questions)
            while self._waiting and count + len(self._waiting[0].questions) <= self._most:
                callers.append(self._waiting.popleft())
                count += len(callers[-1].questions)
            return callers

    def _pass_on(self) -> None:
        """Have the first of those that wait lead, where there is one. The lock is held."""
        self._at_work = bool(self._waiting)
        if self._waiting:
            self._waiting[0].leads = True
            self._waiting[0].woken.release()

    def _call(self, callers: "Sequence[_Caller[T, R]]") -> None:
        try:
            self._answer_all(callers)
        except Exception as error:
            if len(callers) == 1:
                callers[0].error = error
                return
            for caller in callers:
                self._call([caller])

    def _answer_all(self, callers: "Sequence[_Caller[T, R]]") -> None:
        questions = [question for caller in callers for question in caller.questions]
        self._calls += 1
        self._answered += len(questions)
        answers = self._answer(questions)
        start = 0
        for caller in callers:
            end = start + len(caller.questions)
            caller.answers, start = answers[start:end], end


@dataclass(slots=True, eq=False)
class _Caller(Generic[T, R]):
    """One thread's questions, and what became of them. ``woken`` is let go of when it shall lead or has its result."""

    questions: Sequence[T]
    answers: Sequence[R] | None = None
    error: Exception | None = None
    leads: bool = False
    woken: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.woken.acquire()

    @property
    def has_result(self) -> bool:
        return self.answers is not None or self.error is not None

    def result(self) -> Sequence[R]:
        if self.error is not None:
            raise self.error
        assert self.answers is not None
        return self.answers
