"""Which measures of the score a partner sees, and what each side can do about them: decided here, not by accident.

Pure data. A measure is either shared, with a duty for each side, or kept, with the reason; a test refuses one that is
neither. Opinions and survey answers are kept: they were given in confidence. So is what compares partners.
A measure that an installation added to its own model is kept until it stands here.
"""

from decimal import Decimal
from typing import NamedTuple

from health.labels import gettext_noop


class Duty(NamedTuple):
    """What would help, one sentence for each side.

    `least` and `most`: what the measure's own value must reach, or stay within, before it is said to go well. A measure
    can lift the score and still fall short of what was agreed; then it is no praise.
    """

    theirs: str
    ours: str
    least: str = ""
    most: str = ""

    def is_reached(self, value: Decimal | None) -> bool:
        if value is None:
            return True
        return not (self.least and value < Decimal(self.least)) and not (self.most and value > Decimal(self.most))


CONFIDENCE = "given in confidence"
COMPARES = "compares with other partners"

KEPT: dict[str, str] = {
    "requirement_clarity.survey": CONFIDENCE,
    "communication_quality": CONFIDENCE,
    "sentiment": CONFIDENCE,
    "co_investment.survey": CONFIDENCE,
    "perceived_fairness": CONFIDENCE,
    "trust": CONFIDENCE,
    "enthusiasm": CONFIDENCE,
    "joint_innovation.survey": CONFIDENCE,
    "renewal_likelihood.survey": CONFIDENCE,
    "renewal_likelihood.owner": "an opinion of the partner manager",
    "trade_depth": COMPARES,
}

SHARED: dict[str, Duty] = {
    "approval_cycle_time": Duty(
        gettext_noop("Send requests with everything they need, so that nothing has to be asked again."),
        gettext_noop("We decide within the time we promised."),
        most="1",
    ),
    "requirement_clarity.rework": Duty(
        gettext_noop("Tell us when a requirement is not clear before you start."),
        gettext_noop("We say what we need in full the first time."),
    ),
    "touchpoint_frequency": Duty(
        gettext_noop("Answer our next call or mail, or propose a time that suits you."),
        gettext_noop("We keep the agreed rhythm of contact."),
        least="1",
    ),
    "revenue_growth": Duty(
        gettext_noop("Tell us which deals have slipped and what stands in their way."),
        gettext_noop("We go through your open deals with you and help where we can."),
        least="0",
    ),
    "cost_savings": Duty(
        gettext_noop("Report the savings you reached."),
        gettext_noop("We take the next agreed step on our side."),
        least="1",
    ),
    "joint_wins": Duty(
        gettext_noop("Bring us in early on the deals you want to win together."),
        gettext_noop("We review the last lost deals with you and change one thing in how we sell."),
        least="1",
    ),
    "customer_acquisition": Duty(
        gettext_noop("Name the next customers you want to win."),
        gettext_noop("We support the first meeting with each of them."),
        least="1",
    ),
    "joint_marketing": Duty(
        gettext_noop("Follow up the leads of the last campaign."),
        gettext_noop("We plan the next campaign with you."),
        least="1",
    ),
    "co_investment.matched": Duty(
        gettext_noop("Put in what we agreed, or tell us what has changed."),
        gettext_noop("We match it."),
        least="1",
    ),
    "joint_innovation.pilots": Duty(
        gettext_noop("Propose a pilot with one of your customers."),
        gettext_noop("We name somebody from product who works on it with you."),
        least="1",
    ),
    "on_time_delivery": Duty(
        gettext_noop("Tell us early when a date is in danger."),
        gettext_noop("We clear what you wait for."),
        least="0.9",
    ),
    "defect_rate": Duty(
        gettext_noop("Check deliveries against the agreed list before you hand them over."),
        gettext_noop("We report each defect with all we know."),
        most="1",
    ),
    "issue_resolution.sla": Duty(
        gettext_noop("Answer our questions on open issues."),
        gettext_noop("We resolve issues in the agreed time."),
        least="0.85",
    ),
    "issue_resolution.backlog": Duty(
        gettext_noop("Tell us which open issue hurts most."),
        gettext_noop("We give the oldest issue an owner and a date."),
        most="0",
    ),
    "goals_attainment": Duty(
        gettext_noop("Tell us where your side of the goals stands."),
        gettext_noop("We plan the rest of the period with you."),
        least="1",
    ),
    "engagement.users": Duty(
        gettext_noop("Let your colleagues accept their invitations."),
        gettext_noop("We keep what you find here worth opening."),
        least="0.6",
    ),
    "engagement.days": Duty(
        gettext_noop("Look in when something waits for you; a mail says so."),
        gettext_noop("We keep what you find here worth opening."),
    ),
    "engagement.actions": Duty(
        gettext_noop("Use the offers of the programme that fit you."),
        gettext_noop("We tell you which offers fit you."),
        least="1",
    ),
    "engagement.attendance": Duty(
        gettext_noop("Come to the next meeting, or propose another date in time. The aim is four of five."),
        gettext_noop("We propose dates that suit both sides and send an agenda."),
        least="0.8",
    ),
    "onboarding_progress": Duty(
        gettext_noop("Finish the oldest open step of the onboarding."),
        gettext_noop("We unblock what waits on our side."),
        least="1",
    ),
    "training.certified": Duty(
        gettext_noop("Book the missing training for your people."),
        gettext_noop("We offer dates."),
        least="1",
    ),
    "training.current": Duty(
        gettext_noop("Renew the certificates that run out."),
        gettext_noop("We remind you in time."),
        least="0.9",
    ),
    "deal_rhythm": Duty(
        gettext_noop("Tell us what has changed since your last order."),
        gettext_noop("We ask what stands in the way of the next one, and help."),
        least="0.9",
    ),
}

BAND_WORDS = {
    "A": gettext_noop("Thriving"),
    "B": gettext_noop("Healthy"),
    "C": gettext_noop("Worth a look together"),
    "D": gettext_noop("Needs attention from both of us"),
    "E": gettext_noop("Needs attention from both of us"),
    "": gettext_noop("Not enough data yet"),
}
