"""What a password may not be made of, besides what Django refuses."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

HOUSE_WORDS = ("partner", "portal", "manager", "admin", "seller", "viewer", "password", "welcome", "login", "prm")
LEAST_OF_ONES_OWN = 8


class OwnWordsValidator:
    """Refuses a password that is little else than the vendor's name and words everybody here would try first."""

    def validate(self, password: str, user: object = None) -> None:
        words = sorted({*HOUSE_WORDS, *re.findall(r"\w{3,}", settings.ORGANISATION.lower())}, key=len, reverse=True)
        rest = re.sub("|".join(map(re.escape, words)), "", password.lower())
        if len(re.sub(r"[\W\d_]", "", rest)) < LEAST_OF_ONES_OWN and rest != password.lower():
            raise ValidationError(self.get_help_text(), code="house_words")

    def get_help_text(self) -> str:
        return _("Choose words of your own: the firm's name and words like “partner” are tried first.")
