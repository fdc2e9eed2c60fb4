"""Clients of the HTTP API; ``python -m clients.generate`` makes their generated parts anew."""
