from pathlib import Path

import pytest

from pose_ssl_ros.embedded.launch.errors import LaunchError
from pose_ssl_ros.embedded.launch.substitutions import Scope, substitute, truth


def scope(**variables):
    def find_share(package):
        if package != "known":
            raise LaunchError(f"no package {package}")
        return Path("/share/known")

    return Scope(variables, {"HOME": "/home/me"}, Path("/files"), find_share)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$(var a)", "1"),
        ("x$(var a)y$(var a)z", "x1y1z"),
        ("$(var missing fallback)", "fallback"),
        ("$(var missing 'two words')", "two words"),
        ("$(env HOME)/x", "/home/me/x"),
        ("$(env MISSING '')", ""),
        ("$(find-pkg-share known)/config", "/share/known/config"),
        ("$(dirname)/other.launch.yaml", "/files/other.launch.yaml"),
        ("$(var $(var name))", "1"),
        ("$(not $(var yes))", "false"),
        ("$(and true $(var yes))", "true"),
        ("$(or false 0)", "false"),
        ("$(equals $(var a) 1)", "true"),
        ("$(not-equals $(var a) 1)", "false"),
        ("$(equals '$(var empty)' '')", "true"),
        (r"\$(var a)", "$(var a)"),
        ("a (b) $c", "a (b) $c"),
    ],
)
def test_what_a_substitution_gives(text, expected):
    assert substitute(text, scope(a="1", name="a", yes="true", empty="")) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$(var nothing)", "'nothing' is not set"),
        ("$(env NOTHING)", "'NOTHING' is not set"),
        ("$(eval 1 + 1)", "not known here"),
        ("$()", "not known here"),
        ("$(var a", "never closes"),
        ("$(var 'a)", "never closes"),
        ("$(var)", "takes 1 to 2"),
        ("$(not maybe)", "not a truth value"),
        ("$(find-pkg-share other)", "no package other"),
    ],
)
def test_what_is_wrong_is_said(text, words):
    with pytest.raises(LaunchError, match=words.replace("(", r"\(")):
        substitute(text, scope(a="1"))


def test_truth_as_ros_reads_it():
    assert [truth(word) for word in ("true", "True", "1", " TRUE ")] == [True] * 4
    assert [truth(word) for word in ("false", "False", "0")] == [False] * 3
    with pytest.raises(LaunchError, match="write true, false, 1 or 0"):
        truth("yes")
