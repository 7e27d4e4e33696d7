"""A password that is little else than the vendor's name and house words is refused."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import Role, User


@pytest.mark.parametrize(
    "password", ["HaldenSoftware2026!", "partner-portal-2026", "Halden12345678", "PartnerManager!!", "welcome-halden-1"]
)
def test_house_words_are_refused(password, settings):
    settings.ORGANISATION = "Halden Software"
    with pytest.raises(ValidationError, match="tried first"):
        validate_password(password)


@pytest.mark.parametrize("password", ["correct horse battery", "partners who sail at dawn", "9847-2231-7765-0192"])
def test_words_of_ones_own_are_taken(password, settings):
    settings.ORGANISATION = "Halden Software"
    validate_password(password)


@pytest.mark.django_db
def test_nobody_chooses_a_password_for_somebody_else(client, admin_user):
    client.force_login(admin_user)
    fields = {"name": "New", "role": Role.MANAGER, "sees_all_partners": "on", "time_zone": "UTC", "language": "en"}
    client.post("/admin/accounts/user/add/", {"email": "New@vendor.test", **fields, "password": "a"})
    person = User.objects.get(email="new@vendor.test")
    assert not person.has_usable_password()
