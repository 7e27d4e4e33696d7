"""Every field of every model is classified; what the register promises can be done (reliability P40)."""

from __future__ import annotations

from django.db.models import ForeignKey

from accounts.models import User
from partners.models import Contact
from privacy.printed import register_as_markdown
from privacy.queries import free_texts, kinds, model_of, partner_path, unclassified
from privacy.register import REGISTER, Erase, Kind
from privacy.schedule import SCHEDULE, STAYS


def test_every_field_of_every_model_is_classified_and_nothing_else():
    assert unclassified() == []


def test_a_new_field_would_be_missed(monkeypatch):
    fields = dict(REGISTER["partners.Contact"].fields)
    fields.pop("phone")
    monkeypatch.setitem(
        REGISTER, "partners.Contact", REGISTER["partners.Contact"].__class__(REGISTER["partners.Contact"].about, fields)
    )

    assert unclassified() == ["partners.Contact.phone"]


def test_links_to_people_are_personal():
    wrong = [
        f"{label}.{one.name}"
        for label, table in REGISTER.items()
        for one in model_of(label)._meta.concrete_fields
        if isinstance(one, ForeignKey)
        and one.related_model in (User, Contact)
        and table.fields[one.name].kind != Kind.PERSONAL
    ]
    assert wrong == []


def test_personal_fields_say_what_for_and_kept_ones_why():
    entries = [(label, name, entry) for label, table in REGISTER.items() for name, entry in table.fields.items()]

    assert [(label, name) for label, name, one in entries if one.kind == Kind.PERSONAL and not one.purpose] == []
    assert [(label, name) for label, name, one in entries if one.erase == Erase.KEEP and not one.why] == []


def test_rows_that_change_can_be_found():
    """A field that is emptied, renamed or deleted stands in a table that says whose its rows are."""
    changing = {Erase.DELETE, Erase.BLANK, Erase.PSEUDONYM}
    homeless = [
        label
        for label, table in REGISTER.items()
        if any(one.erase in changing and one.kind == Kind.PERSONAL for one in table.fields.values())
        and not (table.about.user or table.about.contact or table.about.email)
    ]
    assert homeless == []


def test_deleted_rows_are_deleted_whole():
    half = [
        label
        for label, table in REGISTER.items()
        if any(one.erase == Erase.DELETE and one.kind == Kind.PERSONAL for one in table.fields.values())
        != table.about.gone
        and not (
            table.about.gone
            and not any(one.erase != Erase.KEEP for one in table.fields.values() if one.kind == Kind.PERSONAL)
        )
    ]
    assert [label for label in half if label != "account.EmailConfirmation"] == []


def test_partner_is_found_from_every_text_that_has_one():
    assert partner_path(model_of("engagement.AgendaItem")) == "meeting__partner"
    assert partner_path(model_of("core.Outbox")) == "partner_uid"
    assert partner_path(model_of("workspace.SavedView")) is None
    assert free_texts("partners.TierChange") == ["reason"]


def test_schedule_names_fields_that_exist():
    for rule in SCHEDULE:
        for name in (rule.after, *rule.blank):
            assert model_of(rule.model)._meta.get_field(name)
    assert len({rule.key for rule in SCHEDULE}) == len(SCHEDULE)


def test_every_table_has_a_rule_or_a_reason_to_stay():
    """A new table that only ever grows is somebody's decision and not an oversight."""
    ruled = {rule.model for rule in SCHEDULE}
    assert set(REGISTER) - ruled - set(STAYS) == set()
    assert set(STAYS) - set(REGISTER) == set()
    assert ruled & set(STAYS) == set()


def test_what_opens_something_for_a_while_has_a_rule():
    """Secrets with an end of their own go after it; those that stay belong to an account or a partner."""
    ends = {"expires_at", "expire_date", "expiry", "created"}
    for label, table in REGISTER.items():
        if any(one.kind == Kind.SECRET for one in table.fields.values()) and ends & set(table.fields):
            assert label not in STAYS


def test_register_is_printed_with_every_personal_field():
    text = register_as_markdown()

    assert "| partners.Contact.name | personal | to reach the people at a partner |" in text
    assert text.count(" | personal | ") == kinds()["personal"]
    kept = "180 days after `read_at`; 400 days after `created_at`"
    assert f"| accounts.Notification.title | personal | notes about work, which may name people | {kept} |" in text
