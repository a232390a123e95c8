"""Logs: a line of JSON an event on standard error; ids only, never comments or secrets."""

import logging
import sys

import structlog

# Their finer levels print statements with values and requests with texts: what customers said.
_TALKATIVE = ("aiosqlite", "psycopg", "slack_sdk", "slack_bolt", "msrest")


def configure(level: int = logging.INFO) -> None:
    """Sets structlog up once for this process; libraries' own warnings go the same way."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Plain: the default's tracebacks show the values of variables, so people's words too.
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_stderr,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)


def _to_stderr(*_: object) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)
