"""Answers, or the problem that there was."""

from typing import TypeVar

from shelfsight_client.rest.models.event_error import EventError
from shelfsight_client.rest.models.problem import Problem

__all__ = ["ProblemError", "answered"]

T = TypeVar("T")


class ProblemError(Exception):
    """The server has answered with a problem; ``problem.code`` is for programs, ``problem.detail`` for people."""

    def __init__(self, problem: Problem | EventError) -> None:
        hint = f" ({problem.hint})" if problem.hint else ""
        super().__init__(f"{problem.code}: {problem.detail}{hint}")
        self.problem = problem


def answered(answer: T | Problem | None) -> T:
    """What an operation has answered.

    Raises:
        ProblemError: it was a problem.
    """
    if isinstance(answer, Problem):
        raise ProblemError(answer)
    assert answer is not None
    return answer
