"""How alike the answers of one account are, and what that leaves of n."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.measures.clusters import Cluster, kish, pool, resemblance
from handlers.measures.counts import AccountCounts
from tests.data_files import WORKED_TEAMS, counts, instructor_training, longterm_2017, worked

cluster = st.builds(
    Cluster,
    *[st.integers(0, 12)] * 3,
    weight=st.floats(0.01, 1e6),
    team=st.sampled_from(["a", "b", None]),
)
clusters = st.lists(cluster, max_size=12)


def test_six_accounts_of_promoters_are_worth_nine_point_six_answers() -> None:
    assert pool([Cluster(n, 0, 0) for n in (1, 2, 1, 3, 4, 1)]).n_eff(0.15) == pytest.approx(9.6)


def test_worked_example_as_one_team_has_the_documented_icc() -> None:
    found = resemblance(_clusters(counts(worked())))

    assert found.icc == pytest.approx(0.271732, abs=1e-6)
    assert found.rho == pytest.approx(0.187779, abs=1e-6)
    assert found.df == 9


def test_worked_example_in_three_teams_has_the_documented_icc() -> None:
    found = resemblance(_clusters(counts(worked(), WORKED_TEAMS)))

    assert found.icc == pytest.approx(0.270029, abs=1e-6)
    assert found.df == 7
    assert found.rho == pytest.approx(0.181119, abs=1e-6)


def test_training_events_have_the_documented_icc() -> None:
    found = resemblance(_clusters(counts(instructor_training())))

    assert found.icc == pytest.approx(0.12056, abs=1e-5)
    assert found.rho == pytest.approx(0.12651, abs=1e-5)


def test_a_negative_icc_is_told_but_counts_as_none() -> None:
    found = resemblance(_clusters(counts(longterm_2017())))

    assert found.icc == pytest.approx(-0.01838, abs=1e-5)
    assert found.rho == pytest.approx(0.075)


@pytest.mark.parametrize(
    "accounts",
    [
        pytest.param([], id="nobody answered"),
        pytest.param([Cluster(3, 1, 2)], id="one account"),
        pytest.param([Cluster(1, 0, 0), Cluster(0, 0, 1)], id="one answer each"),
        pytest.param([Cluster(3, 0, 0), Cluster(7, 0, 0)], id="all answers the same"),
        pytest.param([Cluster(2, 1, 0, team="a"), Cluster(1, 3, 1, team="b")], id="one a team"),
    ],
)
def test_what_cannot_be_estimated_leaves_the_usual_rho(accounts: list[Cluster]) -> None:
    found = resemblance(accounts)

    assert found.icc is None
    assert found.rho == 0.15


def test_accounts_that_never_differ_inside_reach_the_highest_rho_only_with_many() -> None:
    accounts = [Cluster(4, 0, 0), Cluster(0, 0, 4)] * 200

    found = resemblance(accounts)

    assert found.icc == pytest.approx(1)
    assert found.rho == 0.5


def test_silent_accounts_change_nothing() -> None:
    accounts = [Cluster(2, 1, 0), Cluster(0, 1, 2), Cluster(1, 1, 1)]

    assert resemblance([*accounts, Cluster(0, 0, 0)]) == resemblance(accounts)


def test_kish_accounts_of_the_worked_example() -> None:
    values = {row.account: row.value or 0.0 for row in worked()}

    assert kish(values.values()) == pytest.approx(3.6308, abs=1e-4)
    assert kish([5.0, 5.0, 5.0]) == pytest.approx(3)
    assert kish([]) is None


@given(clusters)
def test_rho_stays_within_its_limits(accounts: list[Cluster]) -> None:
    assert 0.05 <= resemblance(accounts).rho <= 0.5


@given(clusters.filter(lambda accounts: any(each.n for each in accounts)), st.floats(0, 1))
def test_n_eff_lies_between_accounts_and_answers(accounts: list[Cluster], rho: float) -> None:
    n_eff = pool(accounts).n_eff(rho)

    assert n_eff is not None
    assert n_eff <= sum(each.n for each in accounts) + 1e-6
    assert n_eff >= 1 - 1e-9


def _clusters(accounts: list[AccountCounts]) -> list[Cluster]:
    return [
        Cluster(total.promoters, total.passives, total.detractors, team=account.team)
        for account in accounts
        if (total := account.total)
    ]
