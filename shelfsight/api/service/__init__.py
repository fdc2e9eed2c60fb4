"""What stands behind the HTTP front door and is no HTTP: collections by name, keys, jobs, batches, audit."""
