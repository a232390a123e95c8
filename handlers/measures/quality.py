"""What a group's score can be trusted for; the cards decide by it what they show."""

from typing import Literal

Quality = Literal["too_few", "rough", "indicative", "solid"]


def quality(n_eff: float | None, accounts: int) -> Quality:
    """The word for a group's score from its effective n and its accounts with a rated answer.

    Limits of the programme's statistics: under 5 or under 3 accounts too few, under 15 rough,
    from 40 with 10 accounts solid.
    """
    if n_eff is None or n_eff < 5 or accounts < 3:
        return "too_few"
    if n_eff < 15:
        return "rough"
    if n_eff < 40 or accounts < 10:
        return "indicative"
    return "solid"
