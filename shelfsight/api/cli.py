"""The command line: ``shelfsight index | update | delete | search | ask | serve | evaluate | ... | info | version``.

Exit codes: 0 done, 1 the job could not run, 2 wrong usage, 3 some items failed,
4 an adapted encoder is not better than its base, 130 and 143 stopped by a signal.
Nothing heavy is imported here or in the modules of the commands, so ``--help`` answers at once.
"""

import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import click

from shelfsight.api.commands.ask import ask
from shelfsight.api.commands.audit import audit
from shelfsight.api.commands.backup import backup, restore, upgrade
from shelfsight.api.commands.config import config
from shelfsight.api.commands.demo import demo
from shelfsight.api.commands.doctor import doctor
from shelfsight.api.commands.evaluate import evaluate
from shelfsight.api.commands.finetune import finetune
from shelfsight.api.commands.import_ import import_
from shelfsight.api.commands.index import index
from shelfsight.api.commands.info import info, version
from shelfsight.api.commands.keys import keys
from shelfsight.api.commands.migrate import migrate
from shelfsight.api.commands.models import models
from shelfsight.api.commands.rules import rules
from shelfsight.api.commands.search import search
from shelfsight.api.commands.serve import serve
from shelfsight.api.commands.update import delete, update
from shelfsight.api.commands.why import why
from shelfsight.api.console import safe, say
from shelfsight.core import background
from shelfsight.core.errors import ShelfsightError, status_of

__all__ = ["cli", "main", "run"]

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
_LINGER = 3.0


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Search a catalogue by what its pictures show.

    A catalogue (a folder of pictures, a CSV, JSONL, Parquet or tar file) is indexed once into a collection,
    a directory of its own; the collection is then searched, served and evaluated.
    """


for _command in (
    index,
    import_,
    update,
    delete,
    migrate,
    backup,
    restore,
    upgrade,
    search,
    why,
    ask,
    serve,
    keys,
    audit,
    config,
    rules,
    evaluate,
    finetune,
    demo,
    models,
    info,
    doctor,
    version,
):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a title is shown even where the locale has not its letters
    code = run(arguments)
    try:
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # whoever reads a pipe may have enough; a full disk is a failure
            code = _output_lost(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter must not complain at its end
    if not background.finish(_LINGER):  # a model that hangs must not turn an answer into an abort
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    try:
        with _stopped_by_sigterm():
            result = cli.main(args=arguments, prog_name="shelfsight", standalone_mode=False)
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("shelfsight: interrupted")
        return INTERRUPTED
    except _TerminatedError:
        say("shelfsight: terminated")
        return TERMINATED
    except ShelfsightError as error:
        say(f"error: {safe(error.message)}")
        if error.hint:
            say(f"hint: {safe(error.hint)}")
        return status_of(error).exit
    except OSError as error:
        if error.filename is None:
            return _output_lost(error)
        say(f"error: {safe(str(error.filename))}: {error.strerror}")
        return 1
    return result if isinstance(result, int) else 0


def _output_lost(error: OSError) -> int:
    say(f"error: the answer cannot be written: {error.strerror}")
    return 1


class _TerminatedError(BaseException):
    """SIGTERM, on its way up the stack; like KeyboardInterrupt no ``except Exception`` holds it."""


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    def terminate(_number: int, _frame: FrameType | None) -> NoReturn:
        raise _TerminatedError

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
