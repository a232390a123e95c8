"""Logs: a line of JSON an event on standard error; ids only, never comments or secrets."""

import logging
import sys

import structlog

# Their finer levels print statements with values and requests with texts: what customers said.
_TALKATIVE = ("aiosqlite", "psycopg", "slack_sdk", "slack_bolt", "msrest")

_SERVER, _OF_REQUESTS = "aiohttp.server", "aiohttp."


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
    logging.getLogger(_SERVER).addFilter(_without_the_request)


def _without_the_request(record: logging.LogRecord) -> bool:
    """Tells what kind of request could not be read: its bytes hold a contact's token."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and type(error).__module__.startswith(_OF_REQUESTS):
        record.msg, record.args = "request could not be read: %s", (type(error).__name__,)
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def _to_stderr(*_: object) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)
