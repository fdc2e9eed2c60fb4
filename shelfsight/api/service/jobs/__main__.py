"""``python -m shelfsight.api.service.jobs``: the process of one job."""

from shelfsight.api.service.jobs.child import main

if __name__ == "__main__":
    main()
