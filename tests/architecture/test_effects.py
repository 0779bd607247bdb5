# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may touch files, ask for the time and catch everything."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.tree import Module, dotted, modules

# Functions that create, sync, rename, lock or unlink, by dotted name.
OS_EFFECTS = re.compile(
    r"os\.(?:open|renames?|replace|unlink|remove|removedirs|rmdir|mkdir|makedirs|link|symlink|f?truncate|"
    r"fsync|fdatasync|sync|sync_file_range|p?writev?|mkfifo|mknod|posix_fallocate)"
)
PATH_EFFECTS = {
    "unlink", "rename", "rmdir", "mkdir", "touch", "write_text", "write_bytes", "symlink_to", "hardlink_to",
}  # fmt: skip
WRITING = re.compile(r"r?b?t?[wxa+][bt+]*")
MODULE_EFFECTS = ("shutil.", "tempfile.", "fcntl.flock", "fcntl.lockf")
# `disk.unlink(…)` is durable's own interface; Alembic's operations and a window's `touch` are something else.
DISK_NAMES = ("disk", "_disk", "OsDisk()")

TIME = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep", "clock_gettime",
        "clock_gettime_ns", "localtime", "gmtime"}  # fmt: skip
NOW = {"now", "utcnow", "today"}

# The places that must go on whatever one camera or one request does: the stream's supervisor, the thread that reads one
# camera for it, and the HTTP boundary.
BROAD_ALLOWED = ("recorder/", "camera/foreign.py", "control_room/")


def _calls(module: Module) -> Iterator[tuple[int, str, ast.Call]]:
    for node in ast.walk(module.syntax):
        if isinstance(node, ast.Call):
            yield node.lineno, dotted(node.func), node


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _touches_files(name: str, call: ast.Call) -> bool:
    receiver, _, last = name.rpartition(".")
    if OS_EFFECTS.fullmatch(name) or name.startswith(MODULE_EFFECTS):
        return True
    if last == "open" and not (call.args and dotted(call.args[0]) == "os.devnull"):  # open(path, mode), path.open(mode)
        at = 0 if receiver else 1
        mode = call.args[at] if len(call.args) > at else _keyword(call, "mode")
        return (
            bool(WRITING.fullmatch(str(mode.value)))
            if isinstance(mode, ast.Constant)
            else mode is not None and not receiver
        )
    if receiver.rpartition(".")[2] in DISK_NAMES:
        return False
    if last == "replace" and receiver:  # Path.replace takes one argument, str.replace two
        return len(call.args) == 1 and not call.keywords
    return bool(receiver) and last in PATH_EFFECTS


def _asks_the_time(name: str, call: ast.Call) -> bool:
    receiver, _, last = name.rpartition(".")
    return (receiver == "time" and last in TIME) or (
        last in NOW and receiver.rpartition(".")[2] in {"datetime", "date"}
    )


def _found(check: Callable[[str, ast.Call], bool], allowed: tuple[str, ...]) -> list[str]:
    return [
        f"{module.name} line {line}: {name}"
        for module in modules()
        if not module.name.startswith(allowed)
        for line, name, call in _calls(module)
        if check(name, call)
    ]


def test_only_durable_touches_files() -> None:
    """No code but durable/ (and the fakes of testing/) creates, syncs, renames, locks or unlinks a file."""
    assert not (found := _found(_touches_files, ("durable/", "testing/"))), "\n".join(found)


def test_only_the_clock_asks_the_time() -> None:
    """No code but base/clock.py reads a clock or sleeps: a Clock is an argument."""
    assert not (found := _found(_asks_the_time, ("base/clock.py",))), "\n".join(found)


@pytest.mark.parametrize(
    ("source", "touches"),
    [
        ("path.unlink()", True),
        ("os.replace(a, b)", True),
        ("open(path, 'wb')", True),
        ("open(path, mode=mode)", True),
        ("path.open('w')", True),
        ("path.open()", False),
        ("av.open(url)", False),
        ("path.replace(other)", True),
        ("open(path, 'rb')", False),
        ("text.replace('a', 'b')", False),
        ("self._disk.unlink(path)", False),
        ("disk.publish(path, data)", False),
        ("shutil.rmtree(path)", True),
    ],
)
def test_the_detector_of_file_effects_works(source: str, touches: bool) -> None:
    """What the test above looks for is found when it is there, and only then."""
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    assert _touches_files(dotted(call.func), call) is touches


def _broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or dotted(kind) in {"Exception", "BaseException"} for kind in kinds)


def test_broad_handlers_stand_in_few_places() -> None:
    """`except Exception` stands only where one stream is supervised and at the HTTP boundary, with its reason."""
    found = []
    for module in modules():
        lines = module.text.splitlines()
        for node in ast.walk(module.syntax):
            if isinstance(node, ast.ExceptHandler) and _broad(node):
                has_reason = "# noqa: BLE001 - " in lines[node.lineno - 1]
                re_raises = isinstance(node.body[-1], ast.Raise)
                if not re_raises and not (module.name.startswith(BROAD_ALLOWED) and has_reason):
                    found.append(f"{module.name} line {node.lineno}")
    assert not found, found


def test_no_handler_deletes() -> None:
    """Nothing is unlinked inside an `except` block but a file just made: errors destroy nothing."""
    found = [
        f"{module.name} line {call.lineno}"
        for module in modules()
        if not module.name.startswith(("durable/", "archive/volume.py"))
        for handler in ast.walk(module.syntax)
        if isinstance(handler, ast.ExceptHandler)
        for call in ast.walk(handler)
        if isinstance(call, ast.Call)
        and dotted(call.func).rpartition(".")[2] in {"unlink", "remove", "rmtree", "rmdir"}
    ]
    assert not found, found


def test_nothing_works_at_import() -> None:
    """Importing a module of the product starts no thread, opens no file and reads no environment."""
    forbidden = {"open", "Thread", "start", "create_engine", "getenv", "run", "Popen", "connect", "basicConfig"}
    found = [
        f"{module.name} line {node.lineno}: {dotted(node.value.func)}"
        for module in modules()
        if not module.name.startswith("town/migrations/") and not module.name.endswith("__main__.py")
        for node in module.syntax.body
        if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign)
        if isinstance(node.value, ast.Call) and dotted(node.value.func).rpartition(".")[2] in forbidden
    ]
    assert not found, found
