"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class OneCoreArgon2PasswordHasher(Argon2PasswordHasher):
    """Django's memory and rounds on one core: a hash must not take every core from the pages (P7).

    A hash made with other parameters is made anew at its owner's next log-in.
    """

    parallelism = 1
