"""The front doors, and the only place where rooms are wired together: Python, command line, HTTP and page."""
