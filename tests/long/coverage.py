"""How often the interval of clustered answers holds the truth, beside the naive one.

Teams of a programme, as people read them: rho comes from the whole programme, the figure from a
team's few accounts. Whole programmes are told beside it.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from handlers.measures.clusters import Resemblance
from handlers.measures.counts import AccountCounts, RoleCounts
from handlers.measures.nps import Scope, Window, measure, resemblance_of
from handlers.measures.score import score_interval
from tests.long.facts import Fact, at_least, told

ICC = 0.2
# Promoters, passives, critics: mostly content customers, as B2B programmes find them, and a mix.
CONTENT, MIXED = (0.70, 0.25, 0.05), (0.45, 0.35, 0.20)
PEOPLE = range(1, 9)  # answers an account
PROGRAMME = 60  # accounts
TEAMS = (4, 6, 8)  # accounts of a team
PROGRAMMES, QUICK_PROGRAMMES = 600, 120
# What the interval promises is .95. The quick limit leaves room for chance.
LEAST, QUICK_LEAST = 0.95, 0.94


async def run(folder: Path, quick: bool, database: str) -> list[Fact]:
    """Gives the coverages of teams by size and mix, of whole programmes, and of all teams."""
    draws = QUICK_PROGRAMMES if quick else PROGRAMMES
    facts = [told(f"programmes of {PROGRAMME} accounts of 1-8 answers, icc {ICC}", draws)]
    of_teams = []
    for name, shares in (("content", CONTENT), ("mixed", MIXED)):
        for size in (*TEAMS, PROGRAMME):
            found = covered(draws, shares, size, Random(f"{name} {size}"))
            if size in TEAMS:
                of_teams.append(found)
            what = f"{name}, {size} accounts: rho estimated, rho known, naive"
            facts.append(told(what, ", ".join(f"{each:.3f}" for each in found)))
    ours, known, naive = (sum(each) / len(of_teams) for each in zip(*of_teams, strict=True))
    least = QUICK_LEAST if quick else LEAST
    facts.append(told("teams: naive interval holds the truth", naive))
    facts.append(at_least("teams: our interval, were rho known", known, least))
    facts.append(at_least("teams: our interval", ours, least))
    return facts


def covered(
    draws: int, shares: Sequence[float], size: int, random: Random
) -> tuple[float, float, float]:
    """Gives the coverage of our interval, of the same with the true rho, and of the naive one."""
    truth = (shares[0] - shares[2]) * 100
    known_rho = Resemblance(ICC, 1, ICC)
    ours = known = naive = parts = 0
    for _draw in range(draws):
        drawn = [
            _account(str(index), f"team {index // size}", shares, random)
            for index in range(PROGRAMME)
        ]
        estimated = resemblance_of(drawn)
        for start in range(0, PROGRAMME, size):
            team = drawn[start : start + size]
            found = measure(Scope("team"), "relationship", Window(), team, estimated)
            told_rho = measure(Scope("team"), "relationship", Window(), team, known_rho)
            assert found.interval is not None
            assert told_rho.interval is not None
            plain = score_interval(found.promoters or 0, found.detractors or 0, found.rated or 0)
            ours += found.interval.low <= truth <= found.interval.high
            known += told_rho.interval.low <= truth <= told_rho.interval.high
            naive += plain.points().low <= truth <= plain.points().high
            parts += 1
    return ours / parts, known / parts, naive / parts


def _account(key: str, team: str, shares: Sequence[float], random: Random) -> AccountCounts:
    """Draws an account's own shares (Dirichlet: icc = 1 / (1 + concentration)), then answers."""
    concentration = 1 / ICC - 1
    weights = [random.gammavariate(share * concentration, 1) for share in shares]
    answers: Sequence[int] = random.choices(range(3), weights, k=random.choice(PEOPLE))
    counts = RoleCounts(len(answers), *(answers.count(group) for group in range(3)))
    return AccountCounts(key, key, team, by_role={"unknown": counts})
