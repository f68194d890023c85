"""The client. ``tutti._sync`` is generated from this folder: ``node tools/python.mjs``."""
