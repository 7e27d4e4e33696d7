import re

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough phrase"


def link(capsys, *arguments):
    call_command("first_admin", *arguments)
    return re.search(r"http://[^/]+(/\S+)", capsys.readouterr().out)[1]


def choose_password(client, path):
    """Follow the link as a browser does and choose a password; the status of the answer."""
    form = client.get(path, follow=True)
    return client.post(
        form.redirect_chain[-1][0] if form.redirect_chain else path, {"password1": PASSWORD, "password2": PASSWORD}
    )


def test_link_lets_the_first_administrator_choose_a_password_once(client, capsys):
    path = link(capsys, "Root@Vendor.test", "--name", "Root")

    assert choose_password(client, path).status_code == 302
    user = User.objects.get(email="root@vendor.test")
    assert (user.role, user.name, user.check_password(PASSWORD)) == ("admin", "Root", True)

    client.logout()
    assert "password1" not in client.get(path, follow=True).content.decode()


@pytest.mark.parametrize("email", ["nonsense", "a@b"])
def test_bad_address_is_refused(email):
    with pytest.raises(CommandError):
        call_command("first_admin", email)

    assert User.objects.count() == 0


def test_existing_manager_is_not_made_an_administrator():
    manager = make_user(role="partner_manager")

    with pytest.raises(CommandError):
        call_command("first_admin", manager.email)

    manager.refresh_from_db()
    assert manager.role == "partner_manager"
