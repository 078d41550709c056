"""ONC RPC: the NULL procedure, which every program has and which does nothing."""

from __future__ import annotations

import struct

from engine.techniques.payloads.payload import TOKEN, Payload


def rpc_null(program: int, version: int) -> bytes:
    """A call of procedure 0 without credentials (RFC 5531 section 9), in XDR (RFC 4506)."""
    call, rpc_version, null_procedure = 0, 2, 0
    auth_none, empty = 0, 0
    return TOKEN + struct.pack(
        "!9I",
        *(call, rpc_version, program, version, null_procedure),
        *(auth_none, empty),  # credentials
        *(auth_none, empty),  # verifier
    )


RPCBIND = Payload(
    "RPC portmapper NULL", "RFC 1833 section 3, RFC 5531 section 9", rpc_null(100000, 2), TOKEN
)

NFS = Payload("RPC NFS NULL", "RFC 1813 section 3.3.0", rpc_null(100003, 3), TOKEN)
