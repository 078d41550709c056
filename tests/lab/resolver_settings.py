"""Programs in a namespace with resolver settings of their own: they can only ask the lab's server.

The files are laid over those in /etc by bind mounts, which end with the program: ``ip netns exec``
gives it a mount namespace of its own.
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from tests.lab.network import ROOT

NSSWITCH = "hosts: files dns\n"


class ResolverSettings:
    """The files resolvers read, for programs in one namespace.

    Args:
        namespace: where the programs run.
        folder: where the files are kept.
        servers: lines of resolv.conf.
        hosts: lines of the hosts file.
    """

    def __init__(self, namespace: str, folder: Path, servers: str, hosts: str = "") -> None:
        self._namespace = namespace
        self._files = {
            "/etc/resolv.conf": folder / "resolv.conf",
            "/etc/hosts": folder / "hosts",
            "/etc/nsswitch.conf": folder / "nsswitch.conf",
        }
        for path, text in zip(self._files.values(), (servers, hosts, NSSWITCH), strict=True):
            path.write_text(text)

    def run(self, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; its output is kept."""
        mounts = [
            shlex.join(("mount", "--bind", str(file), place)) for place, file in self._files.items()
        ]
        script = " && ".join([*mounts, f"exec {shlex.join(words)}"])
        return subprocess.run(
            ("ip", "netns", "exec", self._namespace, "sh", "-c", script),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd=ROOT,
        )
