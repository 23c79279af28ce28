"""The version of this Relaydesk, from its installed metadata."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("relaydesk")
except PackageNotFoundError:  # run from a checkout that was never installed
    VERSION = "0+unknown"
