"""Game and voice servers: Source engine, Minecraft Bedrock, Mumble."""

from __future__ import annotations

import struct

from engine.techniques.payloads.payload import TOKEN, Payload


def _source_info() -> bytes:
    single_packet, info = b"\xff\xff\xff\xff", b"T"
    return single_packet + info + b"Source Engine Query\0"


def _raknet_ping() -> bytes:
    unconnected_ping, client_id = 0x01, b"pyscan.."
    milliseconds = bytes(4) + TOKEN
    offline_message = bytes.fromhex("00ffff00fefefefefdfdfdfd12345678")
    return bytes([unconnected_ping]) + milliseconds + offline_message + client_id


def _mumble_ping() -> bytes:
    ping, identifier = 0, b"pysc" + TOKEN
    return struct.pack("!I", ping) + identifier


SOURCE = Payload(
    "Source engine A2S_INFO", "Valve developer community, Server queries", _source_info()
)

BEDROCK = Payload(
    "RakNet unconnected ping",
    "RakNet MessageIdentifiers.h, ID_UNCONNECTED_PING",
    _raknet_ping(),
    TOKEN,
)

MUMBLE = Payload("Mumble ping", "Mumble protocol documentation, UDP ping", _mumble_ping(), TOKEN)
