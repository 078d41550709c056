"""PTR questions and their answers as bytes (RFC 1035). Loads dnspython, so it is imported late."""

from __future__ import annotations

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.reversename
from msgspec import Struct

from engine.names.wording import readable


class Answer(Struct, frozen=True):
    """What a server says about one address.

    Attributes:
        name: the host's name, made harmless; empty when it has none.
        alias: where the answer's CNAME records lead without a name there; None when they do not.
        failed: the server could not or would not find out; another one might.
    """

    name: str = ""
    alias: dns.name.Name | None = None
    failed: bool = False


def reverse_name(address: str) -> dns.name.Name:
    """The domain that holds an address's name (RFC 1035 section 3.5, RFC 3596 section 2.5); a zone
    index is left out. Raises ValueError for what is no address."""
    try:
        return dns.reversename.from_address(address.partition("%")[0])
    except dns.exception.DNSException:
        raise ValueError(f"not an address: {address!r}") from None


def question(name: dns.name.Name, number: int) -> bytes:
    """A recursive PTR question; ``number`` (16 bits) comes back with its answer."""
    return dns.message.make_query(name, dns.rdatatype.PTR, id=number).to_wire()


def read_answer(data: bytes, asked: dns.name.Name) -> Answer | None:
    """What a datagram says about ``asked``; None when it is no answer to that question.

    Never raises, whatever the bytes are. The number is for the caller to compare. CNAME records
    are followed as RFC 2317 needs it. An answer cut short (TC) counts as far as it goes.
    """
    try:
        message = dns.message.from_wire(data)
        if not isinstance(message, dns.message.QueryMessage) or not _answers(message, asked):
            return None
        if message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return Answer(failed=True)
    except (dns.exception.DNSException, ValueError):
        return None
    try:
        chain = message.resolve_chaining()
    except dns.exception.DNSException:
        return Answer()  # CNAME records in a circle
    if chain.answer is None:
        moved = chain.canonical_name != asked and message.rcode() == dns.rcode.NOERROR
        return Answer(alias=chain.canonical_name if moved else None)
    return Answer(readable(chain.answer[0].target.to_text(omit_final_dot=True)))


def _answers(message: dns.message.Message, asked: dns.name.Name) -> bool:
    if not message.flags & dns.flags.QR or len(message.question) != 1:
        return False
    (about,) = message.question
    return (about.name, about.rdtype, about.rdclass) == (
        asked,
        dns.rdatatype.PTR,
        dns.rdataclass.IN,
    )
