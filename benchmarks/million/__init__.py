"""A million items on one machine: what is promised, measured beside other libraries in the same run."""
