"""The rhythm model against simulation, numerical integration and its own promises."""

import numpy as np
import pytest

from health import rhythm
from health.rhythm import SHIPPED_PARAMETERS, RhythmParameters

KNOWN = RhythmParameters(r=0.8, alpha=30.0, a=0.6, b=3.4)
NEVER_STOPS = RhythmParameters(r=0.8, alpha=30.0, a=1e-9, b=1.0)


def simulate(parameters, partners, *, days=240, ahead=90, seed=7):
    """Histories of `partners` simulated partners up to their age, and whether each trades in the days `ahead`."""
    random = np.random.default_rng(seed)
    rate = random.gamma(parameters.r, 1.0 / parameters.alpha, partners)
    stop = random.beta(parameters.a, parameters.b, partners)
    ages = random.uniform(30, days, partners)
    repeats = np.zeros(partners)
    last = np.zeros(partners)
    again = np.zeros(partners, dtype=bool)
    now = np.zeros(partners)
    active = np.ones(partners, dtype=bool)
    while active.any():
        now = now + random.exponential(1.0 / rate)
        inside = active & (now <= ages)
        repeats[inside] += 1
        last[inside] = now[inside]
        again |= active & (now > ages) & (now <= ages + ahead)
        active = inside & (random.uniform(size=partners) >= stop)
    return repeats, last, ages, again


def integrate(parameters, repeats, last, age, ahead, *, seed=3):
    """P(transaction ahead) by drawing rate and stop chance from the prior and weighing each by the history."""
    random = np.random.default_rng(seed)
    rate = random.gamma(parameters.r, 1.0 / parameters.alpha, 2_000_000)
    stop = random.beta(parameters.a, parameters.b, 2_000_000)
    active = (1.0 - stop) ** repeats * rate**repeats * np.exp(-rate * age)
    stopped = stop * (1.0 - stop) ** (repeats - 1) * rate**repeats * np.exp(-rate * last) if repeats else 0.0
    return float((active * -np.expm1(-rate * ahead)).sum() / (active + stopped).sum())


@pytest.mark.parametrize(
    ("repeats", "last", "age"), [(0, 0, 40), (0, 0, 400), (1, 20, 30), (3, 60, 200), (6, 90, 91), (8, 80, 150)]
)
@pytest.mark.parametrize("horizon", [30, 90])
def test_probability_agrees_with_numerical_integration(repeats, last, age, horizon):
    wanted = integrate(KNOWN, repeats, last, age, horizon)
    assert float(rhythm.probability_active(KNOWN, repeats, last, age, horizon)) == pytest.approx(wanted, abs=0.004)


def test_probability_is_calibrated_on_simulated_partners():
    repeats, last, age, again = simulate(KNOWN, 60_000)
    chance = rhythm.probability_active(KNOWN, repeats, last, age)
    for low, high in [(0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1)]:
        chosen = (chance >= low) & (chance < high)
        assert chosen.sum() > 1_000
        assert again[chosen].mean() == pytest.approx(chance[chosen].mean(), abs=0.02)


def test_probability_of_one_partner_equals_that_of_many():
    repeats, last, age, _ = simulate(KNOWN, 200)
    many = rhythm.probability_active(KNOWN, repeats, last, age)
    one = [
        rhythm.probability_active_one(KNOWN, int(x), float(t), float(a))
        for x, t, a in zip(repeats, last, age, strict=True)
    ]
    assert one == pytest.approx(list(many), abs=1e-12)


def test_probability_falls_with_silence_and_survives_extremes():
    silent = rhythm.probability_active(SHIPPED_PARAMETERS, [10] * 4, [100] * 4, [101, 130, 200, 4_000])
    assert list(silent) == sorted(silent, reverse=True)
    assert rhythm.probability_active_one(SHIPPED_PARAMETERS, 5_000, 5_000, 50_000) == pytest.approx(0, abs=1e-12)
    assert rhythm.probability_active_one(SHIPPED_PARAMETERS, 0, 0, 0) == pytest.approx(0.484, abs=0.001)


def test_fit_finds_the_parameters_of_simulated_partners():
    repeats, last, age, _ = simulate(KNOWN, 20_000)
    found = rhythm.fit(repeats, last, age)
    assert found.r == pytest.approx(KNOWN.r, rel=0.1)
    assert found.alpha == pytest.approx(KNOWN.alpha, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(0.15, rel=0.15)


def test_fit_keeps_long_silence_meaningful_where_nobody_ever_stopped():
    repeats, last, age, _ = simulate(NEVER_STOPS, 3_000)
    found = rhythm.fit(np.floor(repeats), last, age)
    assert rhythm.probability_active_one(found, 10, 100, 350) < 0.1
    assert rhythm.probability_active_one(found, 10, 100, 105) > 0.9


def test_fit_does_not_depend_on_order_and_is_repeatable_when_sampled():
    repeats, last, age, _ = simulate(KNOWN, 3_000)
    last, age = np.floor(last), np.ceil(age)
    shuffled = np.random.default_rng(1).permutation(3_000)
    assert rhythm.fit(repeats, last, age) == rhythm.fit(repeats[shuffled], last[shuffled], age[shuffled])
    sampled = rhythm.fit(repeats, last, age, sample=1_000)
    assert sampled == rhythm.fit(repeats[shuffled], last[shuffled], age[shuffled], sample=1_000)
    assert sampled.r == pytest.approx(rhythm.fit(repeats, last, age).r, rel=0.15)


def test_fit_says_nothing_about_too_few_partners():
    repeats, last, age, _ = simulate(KNOWN, 99)
    assert rhythm.fit(repeats, last, age) is None
    assert rhythm.fit([], [], []) is None
    assert rhythm.fit([0] * 500, [0] * 500, range(1, 501)) is None
    assert rhythm.fit(repeats, last, age, minimum_partners=99, minimum_repeating=10) is not None


@pytest.mark.parametrize("history", [(-1, 0, 5), (0.5, 1, 5), (1, 6, 5), (0, 3, 5), (1, -1, 5), (float("nan"), 0, 5)])
def test_fit_refuses_an_impossible_history(history):
    repeats, last, age = ([value] * 200 for value in history)
    with pytest.raises(ValueError, match="A history needs"):
        rhythm.fit(repeats, last, age)


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_parameters_refuse_what_is_not_a_positive_number(wrong):
    with pytest.raises(ValueError, match="positive numbers"):
        RhythmParameters(r=wrong, alpha=1.0, a=1.0, b=1.0)


def test_parameters_survive_being_stored():
    assert RhythmParameters(**KNOWN.as_dict()) == KNOWN


@pytest.mark.parametrize(
    ("repeats", "last", "age", "words"),
    [
        (0, 0, 75, "has ordered once; silent for 74 days"),
        (10, 10, 11, "orders almost every day; ordered on this day"),
        (10, 60, 62, "orders about every 6 days; silent for 1 day"),
        (4, 44, 60, "orders about every 2 weeks; silent for 15 days"),
        (10, 208, 283, "orders about every 3 weeks; silent for 74 days"),
        (2, 180, 181, "orders about every 3 months; ordered on this day"),
        (3, 21, 40, "orders about every 7 days; silent for 18 days"),
        (2, 21, 40, "orders about every 2 weeks; silent for 18 days"),
    ],
)
def test_sentence_says_rhythm_and_silence(repeats, last, age, words):
    assert rhythm.sentence(repeats, last, age) == words


def test_sentence_uses_the_translations_it_is_given():
    seen = []

    def ngettext(singular, plural, number):
        seen.append((plural, number))
        return plural

    rhythm.sentence(10, 208, 283, gettext=lambda text: seen.append((text, None)) or text, ngettext=ngettext)
    assert seen == [
        ("%(rhythm)s; %(silence)s", None),
        ("orders about every %(count)s weeks", 3),
        ("silent for %(count)s days", 74),
    ]


def test_typical_trade_is_the_median_of_those_who_trade():
    assert rhythm.typical_trade([-500, 0, 100, 200, 300, 400, 90_000]) == 300
    assert rhythm.typical_trade([0, 100, 200, 300, 400]) is None
