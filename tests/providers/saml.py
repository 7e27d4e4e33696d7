"""A SAML identity provider for tests: signs with a real key, and takes its answers apart on demand."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape
from zlib import decompress

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner
from signxml.algorithms import CanonicalizationMethod

from core import clock
from partners.sso.saml import NAMES
from tests.providers.lying import new_key

ENTITY = "https://idp.contoso.test/saml"


class SamlProvider:
    def __init__(self, entity_id: str = ENTITY) -> None:
        self.entity_id, self.key = entity_id, new_key()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
        now = clock.now()
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=3650))
            .sign(self.key, hashes.SHA256())
        )

    def metadata(self) -> str:
        der = b64encode(self.certificate.public_bytes(Encoding.DER)).decode()
        return (
            f'<md:EntityDescriptor xmlns:md="{NAMES["md"]}" xmlns:ds="{NAMES["ds"]}" entityID="{self.entity_id}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{NAMES["samlp"]}"><md:KeyDescriptor use="signing">'
            f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
            "</md:KeyDescriptor><md:SingleSignOnService"
            ' Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.contoso.test/sso"/>'
            "</md:IDPSSODescriptor></md:EntityDescriptor>"
        )

    def document(self, request: dict[str, str], **changes: Any) -> etree._Element:
        """An unsigned response to a request (its id, our entity id and consumer address) with `changes` laid over."""
        now = clock.now()
        fields = {
            "subject": "subject-1",
            "name_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            "email": "nora@contoso.test",
            "issuer": self.entity_id,
            "audience": request["entity_id"],
            "recipient": request["consumer_url"],
            "destination": request["consumer_url"],
            "answers": request["id"],
            "assertion_id": f"_a{now.timestamp()}",
            "status": "urn:oasis:names:tc:SAML:2.0:status:Success",
            "starts": now - timedelta(seconds=30),
            "ends": now + timedelta(minutes=5),
            **changes,
        }
        text = {name: escape(str(value), {'"': "&quot;"}) for name, value in fields.items()}
        instant = {name: f"{fields[name]:%Y-%m-%dT%H:%M:%SZ}" for name in ("starts", "ends")}
        audience = (
            f"<saml:AudienceRestriction><saml:Audience>{text['audience']}</saml:Audience></saml:AudienceRestriction>"
        )
        answers = f' InResponseTo="{text["answers"]}"' if fields["answers"] else ""
        return etree.fromstring(
            f'<samlp:Response xmlns:samlp="{NAMES["samlp"]}" xmlns:saml="{NAMES["saml"]}" ID="_r{now.timestamp()}"'
            f' Version="2.0" IssueInstant="{instant["starts"]}" Destination="{text["destination"]}"{answers}>'
            f"<saml:Issuer>{text['issuer']}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="{text["status"]}"/></samlp:Status>'
            f'<saml:Assertion ID="{text["assertion_id"]}" Version="2.0" IssueInstant="{instant["starts"]}">'
            f"<saml:Issuer>{text['issuer']}</saml:Issuer>"
            f'<saml:Subject><saml:NameID Format="{text["name_format"]}">{text["subject"]}</saml:NameID>'
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
            f'<saml:SubjectConfirmationData{answers} Recipient="{text["recipient"]}" NotOnOrAfter="{instant["ends"]}"/>'
            "</saml:SubjectConfirmation></saml:Subject>"
            f'<saml:Conditions NotBefore="{instant["starts"]}" NotOnOrAfter="{instant["ends"]}">'
            f"{audience if fields['audience'] else ''}</saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{instant["starts"]}"/>'
            '<saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>'
            f"{text['email']}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"
            "</saml:Assertion></samlp:Response>"
        )

    def sign(self, element: etree._Element) -> etree._Element:
        signer = XMLSigner(
            signature_algorithm="rsa-sha256",
            digest_algorithm="sha256",
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )
        return signer.sign(
            element, key=self.key, cert=[self.certificate], reference_uri=element.get("ID"), id_attribute="ID"
        )

    def signed(self, request: dict[str, str], **changes: Any) -> etree._Element:
        """An honest response whose assertion is signed."""
        document = self.document(request, **changes)
        assertion = document.find("saml:Assertion", NAMES)
        document.replace(assertion, self.sign(assertion))
        return document


def encoded(document: etree._Element | bytes) -> str:
    data = document if isinstance(document, bytes) else etree.tostring(document)
    return b64encode(data).decode()


def request_in(address: str) -> dict[str, str]:
    """What the AuthnRequest in a redirect address asks for."""
    packed = parse_qs(urlsplit(address).query)["SAMLRequest"][0]
    root = etree.fromstring(decompress(b64decode(packed), wbits=-15))
    return {
        "id": root.get("ID"),
        "consumer_url": root.get("AssertionConsumerServiceURL"),
        "entity_id": root.findtext("saml:Issuer", namespaces=NAMES),
    }
