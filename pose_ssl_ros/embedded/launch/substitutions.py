"""`$(...)` in launch files: the same words, quoting and results as the ROS 2 launch front end.

Known words: var, env, find-pkg-share, dirname, not, and, or, equals, not-equals. They nest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pose_ssl_ros.embedded.launch.errors import LaunchError

TRUE_WORDS = frozenset({"true", "1"})
FALSE_WORDS = frozenset({"false", "0"})


@dataclass(frozen=True)
class Scope:
    """What substitutions may look at while one file is read."""

    variables: Mapping[str, str]
    environment: Mapping[str, str]
    folder: Path  # of the launch file
    find_share: Callable[[str], Path]


def truth(text: str) -> bool:
    """Read a condition as ROS 2 launch does.

    Raises:
        LaunchError: If the text is neither true, false, 1 nor 0.
    """
    word = text.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    msg = f"{text!r} is not a truth value; write true, false, 1 or 0"
    raise LaunchError(msg)


def substitute(text: str, scope: Scope) -> str:
    """Replace every `$(...)` in a text.

    Raises:
        LaunchError: If a word is unknown, a variable is not set or brackets do not match.
    """
    out: list[str] = []
    position = 0
    while (start := text.find("$(", position)) >= 0:
        if start > 0 and text[start - 1] == "\\":  # an escaped dollar stays as it is
            out.append(text[position : start - 1] + "$(")
            position = start + 2
            continue
        end = _closing(text, start + 2)
        out.append(text[position:start])
        out.append(_perform(_words(text[start + 2 : end], scope), text[start : end + 1], scope))
        position = end + 1
    out.append(text[position:])
    return "".join(out)


def _closing(text: str, start: int) -> int:
    depth = 1
    quote = ""
    for index in range(start, len(text)):
        letter = text[index]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
            if depth == 0:
                return index
    msg = f"{text!r} opens '$(' and never closes it"
    raise LaunchError(msg)


def _words(inner: str, scope: Scope) -> list[str]:
    """Split at blanks outside quotes and brackets; quotes are taken off, brackets inside are performed."""
    words: list[str] = []
    current: list[str] = []
    started = False
    index = 0
    while index < len(inner):
        letter = inner[index]
        if letter.isspace():
            if started:
                words.append("".join(current))
                current, started = [], False
            index += 1
            continue
        started = True
        if letter in "'\"":
            end = inner.find(letter, index + 1)
            if end < 0:
                msg = f"{inner!r} opens a quote and never closes it"
                raise LaunchError(msg)
            current.append(substitute(inner[index + 1 : end], scope))
            index = end + 1
        elif inner.startswith("$(", index):
            end = _closing(inner, index + 2)
            current.append(substitute(inner[index : end + 1], scope))
            index = end + 1
        else:
            current.append(letter)
            index += 1
    if started:
        words.append("".join(current))
    return words


def _variable(arguments: list[str], scope: Scope) -> str:
    name = arguments[0]
    if name in scope.variables:
        return scope.variables[name]
    if len(arguments) == 2:
        return arguments[1]
    known = ", ".join(sorted(scope.variables)) or "none"
    msg = f"launch variable '{name}' is not set (set: {known})"
    raise LaunchError(msg)


def _environment(arguments: list[str], scope: Scope) -> str:
    name = arguments[0]
    if name in scope.environment:
        return scope.environment[name]
    if len(arguments) == 2:
        return arguments[1]
    msg = f"environment variable '{name}' is not set and no default is given"
    raise LaunchError(msg)


def _share(arguments: list[str], scope: Scope) -> str:
    return str(scope.find_share(arguments[0]))


def _dirname(arguments: list[str], scope: Scope) -> str:
    del arguments
    return os.fspath(scope.folder)


def _word(value: bool) -> str:
    return "true" if value else "false"


_Action = Callable[[list[str], Scope], str]
# word -> (least arguments, most arguments, action)
_ACTIONS: dict[str, tuple[int, int, _Action]] = {
    "var": (1, 2, _variable),
    "env": (1, 2, _environment),
    "find-pkg-share": (1, 1, _share),
    "dirname": (0, 0, _dirname),
    "not": (1, 1, lambda a, _: _word(not truth(a[0]))),
    "and": (2, 2, lambda a, _: _word(truth(a[0]) and truth(a[1]))),
    "or": (2, 2, lambda a, _: _word(truth(a[0]) or truth(a[1]))),
    "equals": (2, 2, lambda a, _: _word(a[0] == a[1])),
    "not-equals": (2, 2, lambda a, _: _word(a[0] != a[1])),
}


def _perform(words: list[str], whole: str, scope: Scope) -> str:
    if not words or words[0] not in _ACTIONS:
        known = ", ".join(sorted(_ACTIONS))
        msg = f"substitution {whole!r} is not known here; known are {known}"
        raise LaunchError(msg)
    least, most, action = _ACTIONS[words[0]]
    arguments = words[1:]
    if not least <= len(arguments) <= most:
        msg = f"substitution {whole!r} takes {least} to {most} arguments, not {len(arguments)}"
        raise LaunchError(msg)
    return action(arguments, scope)
