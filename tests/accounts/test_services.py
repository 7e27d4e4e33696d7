import pytest
from django.db import DatabaseError, transaction
from rest_framework.test import APIClient

from accounts.models import ApiToken, AuditEntry
from accounts.services import create_token, record, revoke_token
from core.errors import DomainError
from tests.factories import make_partner

pytestmark = pytest.mark.django_db


def test_token_is_shown_once_and_stored_hashed(manager):
    token, secret = create_token(user=manager, name="CRM sync", scope="write", days=30)

    assert secret.startswith("prm_")
    row = ApiToken.objects.values().get(pk=token.pk)
    assert secret not in [str(value) for value in row.values()]


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"name": " "}, "name"), ({"days": 0}, "days"), ({"days": 366}, "days")],
)
def test_token_refuses_bad_input(manager, fields, field):
    with pytest.raises(DomainError) as error:
        create_token(**{"user": manager, "name": "x", "scope": "read", "days": 1, **fields})

    assert error.value.field == field


def test_viewer_gets_no_write_token(viewer):
    with pytest.raises(DomainError):
        create_token(user=viewer, name="x", scope="write", days=1)


def test_revoked_token_is_refused(manager):
    token, secret = create_token(user=manager, name="x", scope="read", days=1)
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert client.get("/api/v1/partners/").status_code == 200

    revoke_token(token=token, actor=manager)

    assert client.get("/api/v1/partners/").status_code == 401


def test_audit_row_cannot_be_changed_or_deleted(manager):
    partner = make_partner()
    entry = record("partners.looked_at", partner, actor=manager, partner_uid=partner.uid)

    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(action="nothing")
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).delete()
    assert AuditEntry.objects.get().action == "partners.looked_at"
