"""SAML 2.0 as a service provider: request by redirect, signed response by POST, nothing unasked-for.

The signature is checked by signxml, which hands back the very element that was signed; everything is read from that
element and from nothing else, so that a signed part moved elsewhere in the document (wrapping) says nothing. Documents
with a DTD, with more than one assertion, with an id twice or with a signature in an unusual place are refused unread.
"""

from __future__ import annotations

import binascii
import secrets
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import quoteattr

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils.dateparse import parse_datetime
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from signxml.exceptions import InvalidInput, SignXMLException

from core import clock
from core.outbound import may_be_asked
from partners.models import IdentityProvider
from partners.sso.claims import SKEW_SECONDS, Claims, SsoRefusedError

NAMES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
# Names of a day, or addresses: neither can be the key of an account.
UNFIT_FORMATS = frozenset(
    {
        "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
        "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    }
)
EMAIL_NAMES = (
    "email",
    "mail",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)
PERSON_NAMES = (
    "displayname",
    "name",
    "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
)
MOST_BYTES = 256 * 1024
MIN_RSA_BITS = 2048
SIGNED = SignatureConfiguration(
    location="./",
    expect_references=1,
    signature_methods=frozenset(
        {
            SignatureMethod.RSA_SHA256,
            SignatureMethod.RSA_SHA384,
            SignatureMethod.RSA_SHA512,
            SignatureMethod.ECDSA_SHA256,
            SignatureMethod.ECDSA_SHA384,
            SignatureMethod.ECDSA_SHA512,
        }
    ),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}),
    ignore_ambiguous_key_info=True,  # the key is ours, from the metadata; what the document names does not matter
)


@dataclass(frozen=True)
class Metadata:
    """What a provider's metadata says: its name, where people are sent, the certificates it may sign with."""

    entity_id: str
    sign_on_url: str
    certificates: tuple[x509.Certificate, ...]


@dataclass(frozen=True)
class Assertion:
    """A checked assertion: `answers` is the id of the request it belongs to, `mark` its own id."""

    claims: Claims
    answers: str
    mark: str
    expires_at: datetime


def read_metadata(text: str) -> Metadata:
    """Raises SsoRefusedError when the metadata is not that of one SAML 2.0 identity provider."""
    root = _parsed(text.encode())
    places = root.xpath(
        f"./md:IDPSSODescriptor/md:SingleSignOnService[@Binding='{REDIRECT}']/@Location", namespaces=NAMES
    )
    texts = root.xpath(
        "./md:IDPSSODescriptor/md:KeyDescriptor[not(@use) or @use='signing']//ds:X509Certificate", namespaces=NAMES
    )
    certificates = tuple(_certificate(_words(element)) for element in texts)
    entity_id = root.get("entityID") or ""
    if root.tag != _tag("md:EntityDescriptor") or not (entity_id and places and certificates):
        raise SsoRefusedError("bad_metadata")
    if not may_be_asked(places[0]):
        raise SsoRefusedError("bad_metadata")
    return Metadata(entity_id, str(places[0]), certificates)


def own_metadata(*, entity_id: str, consumer_url: str) -> str:
    """What the partner's IT feeds to its provider."""
    return (
        f'<?xml version="1.0"?>\n<md:EntityDescriptor xmlns:md="{NAMES["md"]}" entityID={quoteattr(entity_id)}>\n'
        f'  <md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true"'
        f' protocolSupportEnumeration="{NAMES["samlp"]}">\n'
        f"    <md:NameIDFormat>{PERSISTENT}</md:NameIDFormat>\n"
        f'    <md:AssertionConsumerService Binding="{POST}" Location={quoteattr(consumer_url)} index="0"'
        ' isDefault="true"/>\n'
        "  </md:SPSSODescriptor>\n</md:EntityDescriptor>\n"
    )


def begin(provider: IdentityProvider, *, entity_id: str, consumer_url: str) -> tuple[str, dict[str, str]]:
    """The address to send the person to, and what must be remembered in their session until they come back."""
    target = read_metadata(provider.metadata).sign_on_url
    request_id = f"_{secrets.token_hex(20)}"
    request = (
        f'<samlp:AuthnRequest xmlns:samlp="{NAMES["samlp"]}" xmlns:saml="{NAMES["saml"]}" ID="{request_id}"'
        f' Version="2.0" IssueInstant="{clock.now():%Y-%m-%dT%H:%M:%SZ}" Destination={quoteattr(target)}'
        f' AssertionConsumerServiceURL={quoteattr(consumer_url)} ProtocolBinding="{POST}">'
        f"<saml:Issuer>{_escaped(entity_id)}</saml:Issuer>"
        f'<samlp:NameIDPolicy Format="{PERSISTENT}" AllowCreate="true"/></samlp:AuthnRequest>'
    )
    packer = zlib.compressobj(wbits=-15)
    packed = b64encode(packer.compress(request.encode()) + packer.flush()).decode()
    query = urlencode({"SAMLRequest": packed})
    return f"{target}{'&' if urlsplit(target).query else '?'}{query}", {"state": request_id}


def check(provider: IdentityProvider, response: str, *, entity_id: str, consumer_url: str) -> Assertion:
    """Read a response that this provider signed for us, now. Whose log-in it answers is the caller's to compare."""
    root = _parsed(_decoded(response))
    if root.tag != _tag("samlp:Response"):
        raise SsoRefusedError("no_response")
    _check_shape(root)
    _check_envelope(root, provider, consumer_url)
    assertion = _signed_assertion(root, read_metadata(provider.metadata).certificates)
    return _read(assertion, provider, entity_id, consumer_url)


def _parsed(data: bytes) -> etree._Element:
    """An XML document without DTD, comments and processing instructions, read with the network off."""
    if len(data) > MOST_BYTES:
        raise SsoRefusedError("too_large")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise SsoRefusedError("no_xml") from None
    if root.getroottree().docinfo.doctype or root.xpath("//*[not(local-name())]"):
        raise SsoRefusedError("no_xml")
    return root


def _decoded(response: str) -> bytes:
    try:
        return b64decode("".join(response.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SsoRefusedError("no_xml") from None


def _check_shape(root: etree._Element) -> None:
    """One assertion, where it belongs; no id twice; signatures only directly below the response or the assertion."""
    assertions = root.xpath("//saml:Assertion | //saml:EncryptedAssertion", namespaces=NAMES)
    if len(assertions) != 1 or assertions[0].getparent() is not root or assertions[0].tag != _tag("saml:Assertion"):
        raise SsoRefusedError("wrapped")
    if len(root.xpath("//samlp:Response", namespaces=NAMES)) != 1:
        raise SsoRefusedError("wrapped")
    ids = [value for name in ("ID", "Id", "id") for value in root.xpath(f"//@{name}")]
    if len(ids) != len(set(ids)):
        raise SsoRefusedError("wrapped")
    signatures = root.xpath("//ds:Signature", namespaces=NAMES)
    parents = [signature.getparent() for signature in signatures]
    if not signatures:
        raise SsoRefusedError("unsigned")
    if any(parent not in (root, assertions[0]) for parent in parents) or len(set(parents)) != len(parents):
        raise SsoRefusedError("wrapped")


def _check_envelope(root: etree._Element, provider: IdentityProvider, consumer_url: str) -> None:
    """What may stand outside the signature: it can only refuse, never let in."""
    status = root.xpath("string(./samlp:Status/samlp:StatusCode/@Value)", namespaces=NAMES)
    issuer = root.find("saml:Issuer", NAMES)
    if status != SUCCESS:
        raise SsoRefusedError("provider_said_no")
    if root.get("Version") != "2.0" or (issuer is not None and _words(issuer) != provider.issuer):
        raise SsoRefusedError("wrong_issuer")
    if root.get("Destination", consumer_url) != consumer_url:
        raise SsoRefusedError("wrong_recipient")


def _signed_assertion(root: etree._Element, certificates: tuple[x509.Certificate, ...]) -> etree._Element:
    """The assertion as it was signed, itself or as a part of the signed response."""
    assertion = root.find("saml:Assertion", NAMES)
    carrier = assertion if assertion.find("ds:Signature", NAMES) is not None else root
    for certificate in certificates:
        signed = _signed(carrier, certificate)
        if signed is None:
            continue
        if signed.tag != carrier.tag or not signed.get("ID") or signed.get("ID") != carrier.get("ID"):
            raise SsoRefusedError("wrapped")
        if carrier is assertion:
            return signed
        inside = signed.findall("saml:Assertion", NAMES)
        if len(inside) != 1:
            raise SsoRefusedError("wrapped")
        return inside[0]
    raise SsoRefusedError("wrong_signature")


def _signed(element: etree._Element, certificate: x509.Certificate) -> etree._Element | None:
    """What the signature covers, or None when this certificate did not make it."""
    pem = certificate.public_bytes(Encoding.PEM).decode()
    try:
        result = XMLVerifier().verify(element, x509_cert=pem, expect_config=SIGNED)
    except (SignXMLException, InvalidInput, ValueError, etree.LxmlError):
        return None
    return result.signed_xml if not isinstance(result, list) else None


def _read(assertion: etree._Element, provider: IdentityProvider, entity_id: str, consumer_url: str) -> Assertion:
    issuer = assertion.find("saml:Issuer", NAMES)
    if assertion.get("Version") != "2.0" or issuer is None or _words(issuer) != provider.issuer:
        raise SsoRefusedError("wrong_issuer")
    _check_conditions(assertion, entity_id)
    if assertion.find("saml:AuthnStatement", NAMES) is None:
        raise SsoRefusedError("no_log_in")
    answers, expires_at = _confirmation(assertion, consumer_url)
    email = _attribute(assertion, EMAIL_NAMES)
    claims = Claims(subject=_subject(assertion, email), email=email, name=_attribute(assertion, PERSON_NAMES)[:120])
    return Assertion(claims, answers, assertion.get("ID"), expires_at)


def _check_conditions(assertion: etree._Element, entity_id: str) -> None:
    conditions = assertion.findall("saml:Conditions", NAMES)
    if len(conditions) != 1:
        raise SsoRefusedError("no_conditions")
    _check_period(conditions[0])
    restrictions = conditions[0].findall("saml:AudienceRestriction", NAMES)
    audiences = [
        [_words(audience) for audience in restriction.findall("saml:Audience", NAMES)] for restriction in restrictions
    ]
    if not audiences or any(entity_id not in group for group in audiences):
        raise SsoRefusedError("wrong_audience")


def _confirmation(assertion: etree._Element, consumer_url: str) -> tuple[str, datetime]:
    """The id of the request that a bearer confirmation answers, and until when it may be used."""
    data = assertion.xpath(
        f"./saml:Subject/saml:SubjectConfirmation[@Method='{BEARER}']/saml:SubjectConfirmationData", namespaces=NAMES
    )
    if len(data) != 1 or data[0].get("Recipient") != consumer_url:
        raise SsoRefusedError("wrong_recipient")
    if data[0].get("NotBefore") is not None:
        raise SsoRefusedError("wrong_period")
    expires_at = _check_period(data[0])
    if expires_at is None:
        raise SsoRefusedError("wrong_period")
    if not data[0].get("InResponseTo"):
        raise SsoRefusedError("not_asked_for")
    return data[0].get("InResponseTo"), expires_at


def _check_period(element: etree._Element) -> datetime | None:
    """Now lies within; returns the end, which the caller may require."""
    now, skew = clock.now(), timedelta(seconds=SKEW_SECONDS)
    start, end = (_instant(element.get(name)) for name in ("NotBefore", "NotOnOrAfter"))
    if start is not None and now + skew < start:
        raise SsoRefusedError("from_the_future")
    if end is not None and now - skew >= end:
        raise SsoRefusedError("expired")
    return end


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise SsoRefusedError("wrong_period")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _subject(assertion: etree._Element, email: str) -> str:
    """The lasting name of the person at the provider. An address is none: it can be given to somebody else."""
    names = assertion.findall("saml:Subject/saml:NameID", NAMES)
    if len(names) != 1 or names[0].get("Format") in UNFIT_FORMATS:
        raise SsoRefusedError("no_subject")
    subject = _words(names[0])
    if not 0 < len(subject) <= 255 or (email and subject.casefold() == email.casefold()):
        raise SsoRefusedError("no_subject")
    return subject


def _attribute(assertion: etree._Element, wanted: tuple[str, ...]) -> str:
    """The only value of the first attribute of these names; empty when there is none, or more than one value."""
    for attribute in assertion.findall("saml:AttributeStatement/saml:Attribute", NAMES):
        if (attribute.get("Name") or "").lower() in wanted:
            values = [_words(value) for value in attribute.findall("saml:AttributeValue", NAMES)]
            return values[0] if len(values) == 1 else ""
    return ""


def _certificate(text: str) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(b64decode("".join(text.split())))
    except ValueError:
        raise SsoRefusedError("bad_metadata") from None
    key = certificate.public_key()
    strong = isinstance(key, EllipticCurvePublicKey) or (isinstance(key, RSAPublicKey) and key.key_size >= MIN_RSA_BITS)
    if not strong:
        raise SsoRefusedError("bad_metadata")
    return certificate


def _words(element: etree._Element) -> str:
    return "".join(element.itertext()).strip()


def _escaped(text: str) -> str:
    return quoteattr(text)[1:-1]


def _tag(name: str) -> str:
    prefix, _colon, local = name.partition(":")
    return f"{{{NAMES[prefix]}}}{local}"
