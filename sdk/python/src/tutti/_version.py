"""The version of the library; that of pyproject.toml."""

VERSION = "0.1.0"
