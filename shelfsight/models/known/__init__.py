"""Encoders that are known before they are opened: data files, what they mean, and which are on this machine."""
