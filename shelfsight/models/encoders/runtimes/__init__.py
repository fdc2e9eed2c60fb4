"""Runtimes: what computes an encoder's towers."""
