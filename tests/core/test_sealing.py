import pytest

from core.sealing import BrokenSealError, seal, unseal


def test_sealed_text_opens_again_and_shows_nothing():
    sealed = seal("s3cret", purpose="test")

    assert (unseal(sealed, purpose="test"), "s3cret" in sealed) == ("s3cret", False)


def test_former_key_still_opens(settings):
    sealed = seal("s3cret", purpose="test")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key"

    assert unseal(sealed, purpose="test") == "s3cret"


def test_forgotten_key_does_not_open(settings):
    sealed = seal("s3cret", purpose="test")
    settings.SECRET_KEY = "another key"

    with pytest.raises(BrokenSealError):
        unseal(sealed, purpose="test")


def test_seal_is_for_one_purpose():
    with pytest.raises(BrokenSealError):
        unseal(seal("s3cret", purpose="one"), purpose="other")


def test_nonsense_does_not_open():
    with pytest.raises(BrokenSealError):
        unseal("nonsense", purpose="test")
