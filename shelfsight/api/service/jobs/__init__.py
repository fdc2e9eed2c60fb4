"""Indexing jobs of a server: kept in SQLite, run one by one in processes of their own.

::

    submitted (any worker) ─► queue (SQLite) ─► runner (one worker of all) ─► process of the job ─► collection
                                  ▲                                               │
                                  └──────────── progress, report ─────────────────┘

The runner is the worker that holds ``jobs.lock``; another takes over when it dies. A job's process ends by itself when
the runner is gone: its stdin ends. What was committed stays, and a job that is begun again encodes nothing twice.
"""

from shelfsight.api.service.jobs.job import ColumnsDocument, Job, JobState, Order, Progress, Source
from shelfsight.api.service.jobs.jobs import Jobs
from shelfsight.api.service.jobs.sources import Sources

__all__ = ["ColumnsDocument", "Job", "JobState", "Jobs", "Order", "Progress", "Source", "Sources"]
