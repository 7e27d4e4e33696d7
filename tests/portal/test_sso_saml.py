"""SAML cannot be used to become somebody else (reliability P11): forged, moved, replayed and misdirected answers."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from django.test import Client
from lxml import etree

from core import clock
from partners.models import ExternalIdentity
from partners.sso.claims import SsoRefusedError
from partners.sso.saml import NAMES, read_metadata
from tests.factories import make_member
from tests.portal.sso import begin_saml, invite, is_in, post_saml, query_of, saml_provider, verify
from tests.providers.saml import SamlProvider, encoded, request_in

pytestmark = pytest.mark.django_db
HONEST = SamlProvider()
OTHER = SamlProvider("https://idp.fabrikam.test/saml")
SAML = f"{{{NAMES['saml']}}}"
DS = f"{{{NAMES['ds']}}}"


@pytest.fixture
def row(partner):
    verify(partner, "contoso.test")
    return saml_provider(partner, HONEST)


@pytest.fixture
def nora(partner):
    return make_member(partner=partner, email="nora@contoso.test")


@pytest.fixture
def victim(row, partner):
    """Whom the forgeries want to be: subject `victim` at the same provider."""
    user = make_member(partner=partner, email="victim@contoso.test")
    ExternalIdentity.objects.create(provider=row, subject="victim", user=user)
    return user


def test_honest_answer_lets_in_and_links_once(client, row, nora):
    answer = post_saml(client, row, HONEST.signed(begin_saml(client, row)))

    assert (answer.status_code, answer["Location"], client.session["_auth_user_id"]) == (302, "/", str(nora.pk))
    assert list(ExternalIdentity.objects.values_list("subject", "user")) == [("subject-1", nora.pk)]
    assert client.get("/portal/").status_code == 200


def test_signature_over_the_whole_response_is_as_good(client, row, nora):
    document = HONEST.sign(HONEST.document(begin_saml(client, row)))

    assert post_saml(client, row, document).status_code == 302


def test_request_asks_for_a_lasting_name_at_our_address(client, row, settings):
    asked = begin_saml(client, row)

    assert asked["consumer_url"] == f"{settings.BASE_URL}/sso/{row.uid}/acs/"
    assert asked["entity_id"] == f"{settings.BASE_URL}/sso/{row.uid}/metadata/"
    assert len(asked["id"]) == 41


def test_our_metadata_names_the_same_addresses(client, row, settings):
    root = etree.fromstring(client.get(f"/sso/{row.uid}/metadata/").content)

    assert root.get("entityID") == f"{settings.BASE_URL}/sso/{row.uid}/metadata/"
    assert root.xpath("//md:AssertionConsumerService/@Location", namespaces=NAMES) == [
        f"{settings.BASE_URL}/sso/{row.uid}/acs/"
    ]


CHANGES = {
    "another audience": {"audience": "https://other.test/"},
    "no audience": {"audience": ""},
    "another recipient": {"recipient": "https://other.test/acs"},
    "another destination": {"destination": "https://other.test/acs"},
    "answers nothing": {"answers": ""},
    "answers another request": {"answers": "_another"},
    "another issuer": {"issuer": "https://idp.fabrikam.test/saml"},
    "failure": {"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"},
    "name of a day": {"name_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
    "address as name": {"name_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"},
    "address as name, unspecified": {"subject": "Nora@contoso.test"},
    "no name": {"subject": ""},
}


@pytest.mark.parametrize("change", CHANGES)
def test_signed_answer_that_is_not_for_us_now_is_refused(client, row, nora, change):
    answer = post_saml(client, row, HONEST.signed(begin_saml(client, row), **CHANGES[change]))

    assert (answer.status_code, is_in(client), ExternalIdentity.objects.count()) == (403, False, 0)


@pytest.mark.parametrize(
    ("starts", "ends"),
    [(timedelta(minutes=-20), timedelta(minutes=-10)), (timedelta(minutes=10), timedelta(minutes=20))],
)
def test_answer_outside_its_period_is_refused(client, row, nora, starts, ends):
    now = clock.now()
    document = HONEST.signed(begin_saml(client, row), starts=now + starts, ends=now + ends)

    assert (post_saml(client, row, document).status_code, is_in(client)) == (403, False)


def unsigned(document):
    for signature in document.findall(f".//{DS}Signature"):
        signature.getparent().remove(signature)


def changed(document):
    document.find(f".//{SAML}NameID").text = "victim"


def commented(document):
    """`victim<!-- -->@…`: a reader that stops at the comment sees another name than was signed."""
    name = document.find(f".//{SAML}NameID")
    name.text = "victim"
    name.append(etree.Comment("x"))
    name[-1].tail = ".evil"


def evil_twin(document):
    """A copy of the assertion that says `victim` and carries no signature."""
    twin = copy.deepcopy(document.find(f"{SAML}Assertion"))
    twin.remove(twin.find(f"{DS}Signature"))
    twin.find(f".//{SAML}NameID").text = "victim"
    return twin


def wrapped_beside(document):
    """Wrapping 1: the forged assertion first, the signed one after it."""
    twin = evil_twin(document)
    twin.set("ID", "_evil")
    document.insert(2, twin)


def wrapped_same_id(document):
    """Wrapping 2: both carry the id that the signature names."""
    document.insert(2, evil_twin(document))


def wrapped_around(document):
    """Wrapping 3: the signed assertion hidden inside the forged one, in the signature's own Object."""
    original = document.find(f"{SAML}Assertion")
    twin = evil_twin(document)
    twin.set("ID", "_evil")
    signature = original.find(f"{DS}Signature")
    document.replace(original, twin)
    twin.insert(1, signature)
    holder = etree.SubElement(signature, f"{DS}Object")
    holder.append(original)


def wrapped_in_extensions(document):
    """Wrapping 4: the signed assertion moved into an Extensions element."""
    original = document.find(f"{SAML}Assertion")
    twin = evil_twin(document)
    twin.set("ID", "_evil")
    document.replace(original, twin)
    etree.SubElement(document, f"{{{NAMES['samlp']}}}Extensions").append(original)


def signature_moved_up(document):
    """The assertion's own signature as if it were the response's, over a changed assertion."""
    assertion = document.find(f"{SAML}Assertion")
    signature = assertion.find(f"{DS}Signature")
    document.insert(1, signature)
    assertion.find(f".//{SAML}NameID").text = "victim"


def reference_to_elsewhere(document):
    """The signature names a harmless signed part, which is not the assertion it stands in."""
    original = document.find(f"{SAML}Assertion")
    twin = evil_twin(document)
    twin.set("ID", "_evil")
    twin.insert(1, original.find(f"{DS}Signature"))
    document.replace(original, twin)


def empty_reference(document):
    document.find(f".//{DS}Reference").set("URI", "")


def weak_digest(document):
    document.find(f".//{DS}DigestMethod").set("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")


def hmac_signature(document):
    document.find(f".//{DS}SignatureMethod").set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")


FORGERIES = [
    unsigned, changed, commented, wrapped_beside, wrapped_same_id, wrapped_around, wrapped_in_extensions,
    signature_moved_up, reference_to_elsewhere, empty_reference, weak_digest, hmac_signature,
]  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_forged_answer_is_refused(client, row, nora, victim, forge):
    document = HONEST.signed(begin_saml(client, row))
    forge(document)

    answer = post_saml(client, row, document)

    assert (answer.status_code, is_in(client)) == (403, False)
    assert "gave no answer we can accept" in answer.content.decode()


@pytest.mark.parametrize("forge", [wrapped_beside, wrapped_same_id, wrapped_in_extensions, changed])
def test_forged_part_of_a_signed_response_is_refused(client, row, nora, victim, forge):
    document = HONEST.signed(begin_saml(client, row))
    unsigned_twin = copy.deepcopy(document)
    signed = HONEST.sign(HONEST.document(begin_saml(client, row)))
    if forge is changed:
        changed(signed)
    else:
        signed.insert(3, evil_twin(unsigned_twin))

    assert (post_saml(client, row, signed).status_code, is_in(client)) == (403, False)


def test_key_inside_the_answer_is_not_trusted(client, row, nora):
    stranger = SamlProvider(HONEST.entity_id)

    assert post_saml(client, row, stranger.signed(begin_saml(client, row))).status_code == 403


def test_answer_signed_by_another_partners_provider_is_refused(client, row, nora, other_partner):
    saml_provider(other_partner, OTHER)
    document = OTHER.signed(begin_saml(client, row), issuer=HONEST.entity_id)

    assert (post_saml(client, row, document).status_code, is_in(client)) == (403, False)


@pytest.mark.parametrize(
    "text",
    [
        "", "%%%", "bm9uc2Vuc2U=",
        encoded(b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'),
        encoded(b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><r>&b;</r>'),
        encoded(b"<r>" + b"<a>" * 3000 + b"</a>" * 3000 + b"</r>"),
        encoded(b"<r>" + b"x" * 300_000 + b"</r>"),
    ],
    ids=["empty", "no base64", "no xml", "outside entity", "entities in entities", "deep", "large"],
)  # fmt: skip
def test_nonsense_is_refused(client, row, text):
    begin_saml(client, row)

    assert Client().post(f"/sso/{row.uid}/acs/", {"SAMLResponse": text}).status_code == 403


def test_answer_works_once(client, row, nora):
    document = HONEST.signed(begin_saml(client, row))
    first = post_saml(client, row, document)
    client.post("/accounts/logout/")
    second = post_saml(client, row, document)

    assert (first.status_code, second.status_code, is_in(client)) == (302, 403, False)


def test_stolen_answer_does_not_work_in_another_browser(client, row, nora):
    document = HONEST.signed(begin_saml(client, row))
    thief = Client()
    begin_saml(thief, row)

    assert (post_saml(thief, row, document).status_code, is_in(thief)) == (403, False)


def test_last_step_works_once_and_in_its_own_browser(client, row, nora, time_machine):
    posted = Client().post(f"/sso/{row.uid}/acs/", {"SAMLResponse": encoded(HONEST.signed(begin_saml(client, row)))})[
        "Location"
    ]
    thief = Client()
    assert (thief.get(posted).status_code, is_in(thief)) == (403, False)
    assert client.get(posted).status_code == 302
    client.post("/accounts/logout/")
    assert client.get(posted).status_code == 403


def test_last_step_goes_stale(client, row, nora, time_machine):
    document = HONEST.signed(begin_saml(client, row))
    posted = Client().post(f"/sso/{row.uid}/acs/", {"SAMLResponse": encoded(document)})["Location"]
    time_machine.move_to(clock.now() + timedelta(minutes=3))

    assert client.get(posted).status_code == 403


def test_last_step_cannot_be_made_up(client, row, nora):
    begin_saml(client, row)

    assert client.get(f"/sso/{row.uid}/finish/", {"answer": "made-up"}).status_code == 403


def test_last_step_of_one_provider_does_not_work_at_another(client, row, nora, other_partner):
    other = saml_provider(other_partner, OTHER)
    document = HONEST.signed(begin_saml(client, row))
    posted = Client().post(f"/sso/{row.uid}/acs/", {"SAMLResponse": encoded(document)})
    query = query_of(posted)

    assert client.get(f"/sso/{other.uid}/finish/", query).status_code == 403
    assert is_in(client) is False


def test_answer_posted_to_another_partners_address_is_refused(client, row, nora, other_partner):
    other = saml_provider(other_partner, OTHER)
    document = HONEST.signed(begin_saml(client, row))

    assert Client().post(f"/sso/{other.uid}/acs/", {"SAMLResponse": encoded(document)}).status_code == 403


def test_way_in_leads_to_this_site_only(client, row, nora):
    asked = request_in(client.get(f"/sso/{row.uid}/", {"next": "//evil.test/"})["Location"])

    assert post_saml(client, row, HONEST.signed(asked))["Location"] == "/"


def test_invited_person_joins_without_a_password(client, row, partner, lead):
    invitation = invite(partner, "new@contoso.test", invited_by=lead)
    answer = post_saml(client, row, HONEST.signed(begin_saml(client, row), email="New@contoso.test"))

    invitation.refresh_from_db()
    person = invitation.accepted_by
    assert (answer.status_code, person.email, person.has_usable_password()) == (302, "new@contoso.test", False)
    assert person.membership.partner_id == partner.pk


@pytest.mark.parametrize(
    "text", ["", "<x/>", '<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>', HONEST.metadata().replace("https:", "javascript:")]
)
def test_metadata_that_is_none_is_refused(text):
    with pytest.raises(SsoRefusedError):
        read_metadata(text)
