"""The words of explanations, as tables.

``MEANING`` says what a state and its reason tell about the port; ``ADVICE`` what to do next. Both
are looked up by (state, reason), then by (state, None).
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.spec.port_state import PortState
from engine.spec.reason import Reason

Key = tuple[PortState, Reason | None]

MEANING: Mapping[Key, str] = {
    (PortState.OPEN, Reason.SYN_ACK): "A program accepts TCP connections on this port.",
    (PortState.OPEN, Reason.UDP_RESPONSE): "A program on this UDP port answered the request.",
    (PortState.OPEN, Reason.SPLIT_HANDSHAKE_SYN): (
        "The target began a handshake of its own, which only a listening port does."
    ),
    (PortState.OPEN, Reason.RESET): (
        "The reset named a window, which some systems only do for an open port. A SYN scan tells "
        "for sure."
    ),
    (PortState.OPEN, Reason.INIT_ACK): "A program accepts SCTP associations on this port.",
    (PortState.OPEN, Reason.PROTO_RESPONSE): (
        "The host speaks this protocol: it answered with a packet of it."
    ),
    (PortState.OPEN, Reason.ECHO_REPLY): "The host speaks ICMP: it answered an echo request.",
    (PortState.OPEN, Reason.PORT_UNREACH): (
        "The host speaks this protocol: it only has nothing on the one port that was asked."
    ),
    (PortState.OPEN, Reason.PARAM_PROBLEM): (
        "The host read the probe and found fault with a field, so what was asked is in use."
    ),
    (PortState.OPEN, None): "A program uses this port.",
    (PortState.CLOSED, Reason.RESET): (
        "The host is up and reachable, and no program listens on this port."
    ),
    (PortState.CLOSED, Reason.CONN_REFUSED): (
        "The connection was refused: no program listens, or a firewall rejects with the same "
        "answer (a connect scan cannot tell)."
    ),
    (PortState.CLOSED, Reason.PORT_UNREACH): (
        "The host itself says that nothing listens on this UDP port."
    ),
    (PortState.CLOSED, Reason.ABORT): (
        "The host is up and reachable, and no program listens on this SCTP port."
    ),
    (PortState.CLOSED, Reason.PROTO_UNREACH): (
        "The host itself says that it does not speak this protocol."
    ),
    (PortState.CLOSED, Reason.PARAM_PROBLEM): (
        "The host itself says that it does not speak this protocol."
    ),
    (PortState.CLOSED, None): "The host is reachable and no program listens on this port.",
    (PortState.FILTERED, Reason.NO_RESPONSE): (
        "No answer to any copy of the probe. Most likely a firewall drops it; the host may also be "
        "down or unreachable."
    ),
    (PortState.FILTERED, Reason.ADMIN_PROHIBITED): "A firewall refused the probe and said so.",
    (PortState.FILTERED, Reason.HOST_PROHIBITED): (
        "A firewall forbids traffic to this host and said so."
    ),
    (PortState.FILTERED, Reason.NET_PROHIBITED): (
        "A firewall forbids traffic to this network and said so."
    ),
    (PortState.FILTERED, Reason.HOST_UNREACH): (
        "A router, or a firewall that poses as one, says the host cannot be reached on this port."
    ),
    (PortState.FILTERED, Reason.NET_UNREACH): (
        "A router, or a firewall that poses as one, says there is no way to the network."
    ),
    (PortState.FILTERED, Reason.PORT_UNREACH): (
        "Something answered 'port unreachable' where a TCP host would have sent a reset, or it was "
        "not the target that answered: a firewall rejects the probe."
    ),
    (PortState.FILTERED, Reason.PROTO_UNREACH): (
        "Something answered 'protocol unreachable': a firewall rejects, or the host does not speak "
        "the protocol at all, as many do not speak SCTP."
    ),
    (
        PortState.FILTERED,
        Reason.TIME_EXCEEDED,
    ): "The probe ran out of hops on the way: a routing loop or detour.",
    (PortState.FILTERED, Reason.NO_ROUTE): "A router on the way has no route to the target.",
    (PortState.FILTERED, Reason.REJECT_ROUTE): (
        "A router on the way has a route that rejects this traffic."
    ),
    (PortState.FILTERED, Reason.BEYOND_SCOPE): "The address is not valid beyond its own link.",
    (PortState.FILTERED, None): "Something on the way keeps the probe from the port.",
    (PortState.OPEN_FILTERED, Reason.NO_RESPONSE): (
        "No answer. An open port may have taken the probe and kept silent, or a firewall dropped "
        "it; the two look the same from here."
    ),
    (PortState.OPEN_FILTERED, None): "Open or filtered; this scan type cannot tell the two apart.",
    (PortState.UNFILTERED, Reason.RESET): (
        "The probe reached the host, which answers it with a reset on open and closed ports alike: "
        "no firewall keeps an ACK from this port."
    ),
    (PortState.UNFILTERED, None): "Reachable, but this scan type cannot tell whether it is open.",
    (PortState.CLOSED_FILTERED, None): (
        "Closed or filtered; this scan type cannot tell the two apart."
    ),
    (PortState.PENDING, None): "Not decided yet.",
}

_PROTOCOL_IN_USE = (
    "If nobody needs the protocol, switch it off on the host or drop it in its firewall."
)

DROPPED = (
    "No answer to any copy of the probe, although the host answers on other ports: most likely a "
    "firewall drops what is for this one."
)
"""What silence means where the host is known to be there."""

ADVICE: Mapping[Key, str] = {
    (PortState.OPEN, Reason.PROTO_RESPONSE): _PROTOCOL_IN_USE,
    (PortState.OPEN, Reason.ECHO_REPLY): _PROTOCOL_IN_USE,
    (PortState.OPEN, Reason.PORT_UNREACH): _PROTOCOL_IN_USE,
    (PortState.OPEN, None): (
        "If it should not be reachable from here, stop the service or close the port."
    ),
    (PortState.CLOSED, Reason.CONN_REFUSED): (
        "A SYN scan (-sS) tells a reset from a rejecting firewall."
    ),
    (PortState.CLOSED, None): (
        "Nothing to do. A firewall that dropped the probe would give 'filtered'."
    ),
    (PortState.FILTERED, Reason.NO_RESPONSE): (
        "Rescan to rule out chance. If it should be open, look at the firewall of the host and on "
        "the way."
    ),
    (PortState.FILTERED, Reason.PROTO_UNREACH): (
        "An IP protocol scan (-sO) tells which protocols the host speaks."
    ),
    (PortState.FILTERED, None): (
        "Look for the rule that refuses it where the answer came from: on the host itself, or on "
        "a firewall before it, whose address the answer bears."
    ),
    (PortState.OPEN_FILTERED, None): (
        "Ask the service in its own protocol, or look at the listeners on the host itself."
    ),
    (PortState.UNFILTERED, None): (
        "A SYN scan (-sS) tells whether it is open. Should that say 'filtered', a firewall "
        "stops SYNs by their flags alone and keeps no memory of connections."
    ),
    (PortState.CLOSED_FILTERED, None): "A SYN scan (-sS) from here tells closed from filtered.",
    (PortState.PENDING, None): "Wait for the scan, or resume it.",
}

RULE_SILENCE = "no answer to {copies} of a {title} probe means {state}"
RULE_ANSWER = "{answer} in reply to a {title} probe means {state}"


def look_up(table: Mapping[Key, str], state: PortState, reason: Reason) -> str:
    """The entry for a state and reason; empty when there is none."""
    return table.get((state, reason)) or table.get((state, None), "")
