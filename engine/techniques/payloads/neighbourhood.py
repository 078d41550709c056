"""What devices at home and at work say of themselves: SSDP, CoAP, NAT-PMP."""

from __future__ import annotations

from engine.techniques.payloads.payload import TOKEN, Payload

_SSDP_SEARCH = (
    b"M-SEARCH * HTTP/1.1",
    b"HOST: 239.255.255.250:1900",
    b'MAN: "ssdp:discover"',
    b"MX: 1",
    # Root devices only: ssdp:all would make the device list everything it has.
    b"ST: upnp:rootdevice",
)


def _coap_get(*path: bytes) -> bytes:
    version_1, confirmable, token_length = 1 << 6, 0 << 4, 0
    get, uri_path = 0x01, 11
    message = bytes([version_1 | confirmable | token_length, get]) + TOKEN[-2:]
    option = 0
    for segment in path:
        message += bytes([uri_path - option << 4 | len(segment)]) + segment
        option = uri_path
    return message


def _nat_pmp_address() -> bytes:
    version, external_address = 0, 0
    return bytes([version, external_address])


SSDP = Payload(
    "SSDP search for root devices",
    "UPnP Device Architecture 2.0 section 1.3.2",
    b"\r\n".join(_SSDP_SEARCH) + b"\r\n\r\n",
)

COAP = Payload(
    "CoAP get /.well-known/core",
    "RFC 7252 sections 3 and 7.2, RFC 6690 section 4",
    _coap_get(b".well-known", b"core"),
    TOKEN[-2:],
)

NAT_PMP = Payload("NAT-PMP external address", "RFC 6886 section 3.2", _nat_pmp_address())
