"""What can come of a task, by kind; some outcomes mean that the customer was spoken to."""

_TALKS = ("talked", "next_purchase", "nothing")

# In the order in which the form offers them.
OF: dict[str, tuple[str, ...]] = {
    "passive": _TALKS,
    "promoter": (
        "referral_asked", "referral_given", "reference", "case_story", "next_purchase", "talked",
        "nothing",
    ),
    "silent": ("talked", "wrote", "not_reached", "nothing"),
    "call": ("talked", "met", "wrote", "not_reached"),
    "renewal": ("talked", "next_purchase", "wrote", "nothing"),
    "unsubscribed": ("understood", "talked"),
}  # fmt: skip
# How the customer was spoken to.
HOW = {"wrote": "wrote", "met": "met"}
NOT_SPOKEN = frozenset({"nothing", "understood", "repaired", "agreed", "refused"})
# The task stays open: it was tried, no more.
TRIED = "not_reached"
# With these the contact lets us use their name: for what must be said.
WITH_CONSENT = ("reference", "case_story")
FORMS = ("quote", "call", "visit", "story")
# These stand in `/nps calls`, not among the tasks.
IN_CALLS = frozenset({"call"})
