"""Microsoft Teams' limits by name, and the one way to cut a text."""

# A message with its cards is refused at about 28 KB (learn.microsoft.com, bots/how-to/format).
# What stands around the card (addresses, ids, summary, mention) takes up to 2 KB of it.
CARD_BYTES = 26 * 1024
ENDLESS = 2**31
ACTIONS = 6  # an action set folds what comes after the sixth
TITLE = 300
STATUS = 300
TEXT = 4000  # a paragraph; more is read elsewhere than in a chat
LABEL = 120  # of a fact, a field, a table's head
CELL = 300
BUTTON_LABEL = 75
CONFIRM_TEXT = 600
CHOICE = 120
CHOICES = 200
TYPE_AHEAD_CHOICES = 15  # Teams shows no more of what a search gives
INPUT_TEXT = 4000
DIALOG_TITLE = 64
ALT_TEXT = 1000
ADDRESS = 3000
NOTICE = 250  # a notification shows about two lines
SHORT_CARD = 3000  # what is sent as plain text when Teams refuses the card


def cut(text: str, limit: int) -> str:
    """Gives the text, at most `limit` characters, with an ellipsis where something is left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
