"""The parts of the HTTP front door. FastAPI is imported here and in ``api/app.py``, nowhere else."""
