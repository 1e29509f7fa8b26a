"""The exceptions of Cement 2.10 that matter here."""


class FrameworkError(Exception):
    pass


class CaughtSignal(FrameworkError):
    """What Cement makes of SIGINT and SIGTERM."""
