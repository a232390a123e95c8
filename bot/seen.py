"""What was delivered before: platforms repeat a request whose answer they did not get in time."""

from collections import OrderedDict

REMEMBERED = 5000


class Seen:
    """Remembers the last keys, so that a request delivered twice is carried out once.

    Only a shortcut: after a restart it is empty, and the handlers are idempotent by themselves.
    """

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()

    def before(self, key: str | None) -> bool:
        """Tells whether this key came before, and remembers it."""
        if not key:
            return False
        if key in self._keys:
            return True
        self._keys[key] = None
        if len(self._keys) > REMEMBERED:
            self._keys.popitem(last=False)
        return False
