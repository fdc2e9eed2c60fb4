"""A server to be killed: ``serve(FOLDER, SOCKET)`` in a process of its own; see :mod:`test_service_kills`."""

import os
import sys
from pathlib import Path

from job_shop import JOB
from zygote import Zygote

from shelfsight import open_engine
from shelfsight.api.server import address_of, bind, server_for
from shelfsight.api.service.service import Service
from shelfsight.core.settings import IndexSettings, JobSettings, ServerSettings, Settings

__all__ = ["serve"]


def serve(folder: str, socket: str) -> None:
    """Serve ``FOLDER/shop``; says its process id and its address. Jobs' processes come from the same place."""
    here = Path(folder)
    settings = Settings(
        jobs=JobSettings(roots=(here,)),
        server=ServerSettings(state=here / "state"),
        index=IndexSettings(batch_size=8, commit_items=4, decode_threads=2),
    )
    with open_engine(here / "shop", create=True, settings=settings) as engine, bind("127.0.0.1", 0) as bound:
        service = Service.of(engine, settings)
        service.jobs.command = Zygote(Path(socket)).command(JOB)
        server = server_for(service)
        sys.stdout.write(f"{os.getpid()} {address_of(bound)}\n")
        sys.stdout.flush()
        server.run(sockets=[bound])
