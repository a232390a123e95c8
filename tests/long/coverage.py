"""How often the interval of clustered answers holds the truth, beside the naive one."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from handlers.measures.counts import AccountCounts, RoleCounts
from handlers.measures.nps import Scope, Window, measure
from handlers.measures.score import score_interval
from tests.long.facts import Fact, at_least, told

ICC = 0.2
SHARES = (0.45, 0.35, 0.20)  # promoters, passives, critics: the truth is 25
PEOPLE = range(1, 9)  # answers an account
ACCOUNTS = (10, 15, 20, 40, 80)  # from a team's to a whole programme's
DRAWS, QUICK_DRAWS = 4000, 1000
# What the interval promises is .95. The quick limit leaves room for chance: two standard errors of
# 5,000 draws.
LEAST, QUICK_LEAST = 0.95, 0.944


async def run(folder: Path, quick: bool, database: str) -> list[Fact]:
    """Gives both coverages for each size of programme, and for all together."""
    draws = QUICK_DRAWS if quick else DRAWS
    facts = [told(f"programmes drawn a size, accounts of 1-8 answers, icc {ICC}", draws)]
    both = [covered(draws, accounts, Random(accounts * 7)) for accounts in ACCOUNTS]
    for accounts, (ours, known, naive) in zip(ACCOUNTS, both, strict=True):
        shown = f"{ours:.3f}, {known:.3f}, {naive:.3f}"
        facts.append(told(f"{accounts} accounts: rho estimated, rho known, naive", shown))
    ours, known, naive = (sum(each) / len(both) for each in zip(*both, strict=True))
    least = QUICK_LEAST if quick else LEAST
    facts.append(told("naive interval holds the truth", naive))
    facts.append(at_least("our interval, were rho known", known, least))
    facts.append(at_least("our interval", ours, least))
    return facts


def covered(draws: int, accounts: int, random: Random) -> tuple[float, float, float]:
    """Gives the coverage of our interval, of the same with the true rho, and of the naive one."""
    truth = (SHARES[0] - SHARES[2]) * 100
    ours = known = naive = 0
    for _draw in range(draws):
        drawn = [_account(str(index), random) for index in range(accounts)]
        found = measure(Scope("all"), "relationship", Window(), drawn, drawn)
        told_rho = measure(Scope("all"), "relationship", Window(), drawn, drawn, ICC)
        assert found.interval is not None
        assert told_rho.interval is not None
        plain = score_interval(found.promoters or 0, found.detractors or 0, found.rated or 0)
        ours += found.interval.low <= truth <= found.interval.high
        known += told_rho.interval.low <= truth <= told_rho.interval.high
        naive += plain.points().low <= truth <= plain.points().high
    return ours / draws, known / draws, naive / draws


def _account(key: str, random: Random) -> AccountCounts:
    """Draws an account's own shares (Dirichlet: icc = 1 / (1 + concentration)), then answers."""
    concentration = 1 / ICC - 1
    weights = [random.gammavariate(share * concentration, 1) for share in SHARES]
    answers: Sequence[int] = random.choices(range(3), weights, k=random.choice(PEOPLE))
    counts = RoleCounts(len(answers), *(answers.count(group) for group in range(3)))
    return AccountCounts(key, key, by_role={"unknown": counts})
