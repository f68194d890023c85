"""The version of the library, as in pyproject.toml."""

VERSION = "0.1.0"
