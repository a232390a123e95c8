"""Slack's limits by name (docs.slack.dev/reference/block-kit), and the one way to cut a text.

Ids, tokens and the metadata of a form are never cut: the golden tests hold every card against what
Slack's own library allows them.
"""

MESSAGE_BLOCKS = 50  # chat.postMessage answers invalid_blocks above it
VIEW_BLOCKS = 100  # modals and the home tab
# Not documented: msg_blocks_too_long was seen from about 13,200 characters (bolt-js issue 2509).
MESSAGE_CHARACTERS = 12_000
HEADER = 150
SECTION_TEXT = 3000
CONTEXT_TEXT = 2000
BUTTON_LABEL = 75
ACTIONS_ELEMENTS = 25
OVERFLOW_OPTIONS = 5
OPTION_TEXT = 75  # as long as a button's label
SELECT_OPTIONS = 100
RADIO_OPTIONS = 10  # checkboxes too
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
VIEW_TITLE = 24  # submit and close too
INPUT_LABEL = 2000
INPUT_TEXT = 3000  # max_length of a text field
ALT_TEXT = 2000
ADDRESS = 3000
TABLE_ROWS = 100  # the head row counts
TABLE_COLUMNS = 20
FALLBACK_TEXT = 3000  # Slack cuts at 40,000 and advises 4,000
SHORT_CARD = 3000  # what is sent as plain text when Slack refuses the blocks


def cut(text: str, limit: int) -> str:
    """Gives the text, at most `limit` characters, with an ellipsis where something is left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
