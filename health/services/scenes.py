"""Scoring many partners as of one moment, without writing anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from health import measures
from health.ids import Ids
from health.measures import Moment
from health.models import Applicability, ExceptionFlag, HealthRun, Override
from health.queries import compiled
from health.scoring import Model, Result, score
from lifecycle.queries import stages_as_of
from partners.queries import tiers_as_of

EVERYTHING_APPLIES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is the same for every partner of a run: the model, the moment, and which measures are connected."""

    model: Model
    moment: Moment
    connected: frozenset[str]


def scene_of(run: HealthRun) -> Scene:
    """The scene of a stored run. Needs `model` and `fit` of the run."""
    model = compiled(run.model)
    if run.fit is None:
        raise ValueError("A run without a fit cannot be scored.")
    return Scene(
        model=model,
        moment=measures.moment_of(run.as_of, run.known_cutoff, run.fit.parameters),
        connected=measures.connected_measures(model, run.connected),
    )


def score_partners(scene: Scene, partner_ids: Sequence[int]) -> dict[int, Result]:
    """Results by partner, in the order of `partner_ids`; partners whose journey had not begun are left out.

    A constant number of queries whatever the number of partners.
    """
    model, moment = scene.model, scene.moment
    at, known = moment.at, moment.known
    stages = stages_as_of(Ids(partner_ids), at=at, known=known)
    present = Ids(partner_id for partner_id in partner_ids if partner_id in stages)
    tiers = tiers_as_of(present, at=at, known=known)
    readings = measures.read(present, moment, scene.connected)
    exceptions = _exceptions(model, present, moment)
    overrides = _overrides(present, moment)
    away = _not_applicable(model, present, moment)
    return {
        partner_id: score(
            model.profile(
                stages[partner_id][0],
                tier=tiers.get(partner_id),
                not_applicable=away.get(partner_id, EVERYTHING_APPLIES),
                connected=scene.connected,
            ),
            readings[partner_id],
            exceptions=exceptions.get(partner_id, ()),
            override=overrides.get(partner_id),
        )
        for partner_id in present
    }


def _exceptions(model: Model, partner_ids: Sequence[int], moment: Moment) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    flags = ExceptionFlag.objects.in_force(at=moment.at, known=moment.known).filter(partner_id__in=partner_ids)
    for partner_id, key in flags.values_list("partner_id", "key").distinct():
        if key in model.caps:
            found[partner_id].append(key)
    return found


def _overrides(partner_ids: Sequence[int], moment: Moment) -> Mapping[int, Decimal]:
    rows = Override.objects.in_force(at=moment.at, known=moment.known, day=moment.day)
    return dict(rows.filter(partner_id__in=partner_ids).order_by("starts_at", "id").values_list("partner_id", "target"))


def _not_applicable(model: Model, partner_ids: Sequence[int], moment: Moment) -> Mapping[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    rows = Applicability.objects.in_force(at=moment.at, known=moment.known).filter(partner_id__in=partner_ids)
    for partner_id, signal in rows.values_list("partner_id", "signal"):
        if signal in model.signal_weights:
            found[partner_id].add(signal)
    return {partner_id: frozenset(signals) for partner_id, signals in found.items()}
