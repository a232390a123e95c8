"""A list as one value of a statement: its text is the same however many ids it is asked with."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Integer,
    SQLColumnExpression,
    bindparam,
    literal,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType

_IDS = ARRAY(Integer).with_variant(JSON(), "sqlite")


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> "_Among":
        """It is a condition as it stands: compared with true, no index would serve it."""
        return self


def among(column: SQLColumnExpression[Any], name: str) -> FunctionElement[bool]:
    """Tells whether a column is one of the ids that the statement is carried out with as `name`.

    For statements built once. An `expanding` parameter is written out anew at each execution, and
    SQLite reads each length of it as another statement.
    """
    return _Among(column, bindparam(name, type_=_IDS))


def one_of(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Tells whether a column is one of a few values that are the same at each execution."""
    # Plain values would be an `expanding` parameter, too.
    return column.in_([literal(each, column.type) for each in values])


@compiles(_Among)
def _any(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = (compiler.process(each, **kw) for each in element.clauses)
    return f"{column} = ANY({ids})"


@compiles(_Among, "sqlite")
def _each(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = (compiler.process(each, **kw) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"
