"""A profile's command line as a Plan, and the few choices of a form over it.

The form shows part of what the command line says. Changing a field changes that part only, so
options the form has no field for stay as they were typed.
"""

from __future__ import annotations

import argparse
import copy
import shlex
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.spec.argument_types import rate, whole
from engine.spec.error import SpecError
from engine.spec.options import UsageError, scan_parser
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import parse_timing
from tui.plan import Finding, Plan, scan_type_title
from tui.profiles import MAX_COMMAND, PROGRAM, Profile, ProfileError

_TARGETS = ("targets", "target_files", "random", "within")
_EXCLUDED = ("exclude", "exclude_files")
_WAYS = {"transport": "auto", "interface": None, "family": None, "seed": None}
"""Options that stay when a profile says nothing of them, and what that looks like."""
_RETRIES = whole(0, 250)
BY_RIGHTS = f"{ScanType.SYN.option}, or {ScanType.CONNECT.option} without rights"
"""What ports are probed with when no scan type is named."""


def command_plan(command: str) -> Plan:
    """The plan of a command line without targets. Raises ProfileError."""
    if len(command) > MAX_COMMAND:
        raise ProfileError(f"the command line is longer than {MAX_COMMAND:,} characters")
    try:
        words = shlex.split(command)
    except ValueError:
        raise ProfileError("the command line has a quotation mark without its partner") from None
    try:
        args = scan_parser("a profile", "").read(words[words[:1] == [PROGRAM] :])
        plan = Plan(args).checked()
    except (UsageError, SpecError) as error:
        raise ProfileError(str(error)) from None
    for name in _TARGETS:
        if getattr(args, name):
            raise ProfileError("a profile names no targets: choose them when you scan")
    return plan


def meaning(plan: Plan) -> tuple[str, ...]:
    """What ``plan`` does, in a few words for each fact, here and elsewhere: scan types nobody named
    follow from the rights of whoever scans. Raises SpecError."""
    return plan.facts(scan_type_title(named_types(plan)) or BY_RIGHTS)


def named_types(plan: Plan) -> tuple[ScanType, ...]:
    """The scan types that the options name; empty when the rights decide. Raises SpecError."""
    return plan.scan_types if plan.args.scan_types or plan.args.zombie else ()


def used(profile: Profile, now: Plan) -> Plan:
    """The plan that scans as ``profile`` does.

    Targets, exclusions and the way packets leave stay as they are in ``now``, and so does a rate
    limit that is lower than the profile's. Raises ProfileError.
    """
    plan, before = command_plan(profile.command), vars(now.args)
    changes: dict[str, Any] = {name: before[name] for name in _TARGETS}
    args = vars(plan.args)
    changes |= {name: [*before[name], *args[name]] for name in _EXCLUDED}
    changes |= {name: before[name] for name, unsaid in _WAYS.items() if args[name] == unsaid}
    rates = [rate for rate in (before["max_rate"], args["max_rate"]) if rate is not None]
    changes["max_rate"] = min(rates, default=None)
    try:
        return _with(Plan(plan.args, now.defaults), **changes).checked()
    except SpecError as error:
        raise ProfileError(error.line) from None


class Form(Struct, frozen=True):
    """What the form shows.

    Attributes:
        types: scan types; empty: what the rights allow.
        ports: port text; empty: the default ones.
        timing: number of the template.
        finding: how hosts are found.
        names: whether their names are looked up.
        max_rate: most probes per second, as text; empty: no limit.
        max_retries: most re-sends per port, as text; empty: the template's.
    """

    types: tuple[ScanType, ...]
    ports: str
    timing: int
    finding: Finding
    names: bool
    max_rate: str
    max_retries: str


def form_of(plan: Plan) -> Form:
    """What a form shows of ``plan``. Raises SpecError."""
    args = plan.args
    return Form(
        types=named_types(plan),
        ports="" if plan.ports == "default" else plan.ports,
        timing=parse_timing(args.timing).number,
        finding=plan.finding,
        names=plan.looks_up_names,
        max_rate="" if args.max_rate is None else f"{args.max_rate:g}",
        max_retries="" if args.max_retries is None else str(args.max_retries),
    )


def changed(plan: Plan, form: Form) -> Plan:
    """The plan with those fields of ``form`` that differ from it. Raises ProfileError."""
    before = form_of(plan)
    for name in Form.__struct_fields__:
        value = getattr(form, name)
        if value != getattr(before, name):
            try:
                plan = _SETTERS[name](plan, value)
            except (SpecError, argparse.ArgumentTypeError) as error:
                raise ProfileError(str(error)) from None
    try:
        return plan.checked()
    except SpecError as error:
        raise ProfileError(error.line) from None


def _set_types(plan: Plan, types: tuple[ScanType, ...]) -> Plan:
    if types:
        return plan.with_scan_types(types)
    return _with(plan, scan_types=[], zombie=None)


def _set_ports(plan: Plan, text: str) -> Plan:
    if text.strip():
        return plan.with_ports(text.strip())
    return _with(plan, ports=None, fast=False, top_ports=None)


_SETTERS: dict[str, Callable[[Plan, Any], Plan]] = {
    "types": _set_types,
    "ports": _set_ports,
    "timing": Plan.with_timing,
    "finding": Plan.with_finding,
    "names": Plan.with_names,
    "max_rate": lambda plan, text: _with(plan, max_rate=_number(text, rate)),
    "max_retries": lambda plan, text: _with(plan, max_retries=_number(text, _RETRIES)),
}
"""What a change of each field does to the plan."""


def _number(text: str, read: Callable[[str], float]) -> float | None:
    return read(text.strip()) if text.strip() else None


def _with(plan: Plan, **changes: Any) -> Plan:
    args = copy.copy(plan.args)
    for name, value in changes.items():
        setattr(args, name, value)
    return replace(plan, args=args)


def type_choices(now: tuple[ScanType, ...]) -> tuple[tuple[ScanType, ...], ...]:
    """Scan types a form offers: what the rights allow, each alone, TCP with UDP; and ``now``."""
    alone = [(one,) for one in ScanType if one is not ScanType.IDLE]
    tcp = [one for (one,) in alone if one.protocol is Protocol.TCP]
    both = [(one, ScanType.UDP) for one in tcp[:2]]
    every = [(), *alone, *both]
    return tuple(every if now in every else [*every, now])
