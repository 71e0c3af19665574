from pathlib import Path

import pytest

from pose_ssl_ros.embedded.launch.errors import LaunchError
from pose_ssl_ros.embedded.launch.reader import declared_arguments, read


def no_share(package):
    raise LaunchError(f"no package {package}")


def launch(tmp_path, text, **arguments):
    path = tmp_path / "some.launch.yaml"
    path.write_text("launch:\n" + text, encoding="utf-8")
    return read(path, arguments, no_share, {"HOME": "/home/me"})


NODE = """
- arg: {name: ns, default: robot, description: Namespace.}
- arg: {name: speed, default: "2.0"}
- node:
    pkg: p
    exec: e
    name: n
    namespace: $(var ns)
    args: --flag "two words"
    param:
      - {name: speed, value: $(var speed)}
      - {name: label, value: $(var speed), type: str}
      - {name: flag, value: true}
      - {name: list, value: [1, 2]}
    remap:
      - {from: image, to: /camera/$(var ns)}
    env:
      - {name: A, value: "1"}
    respawn: true
    respawn_delay: 1.5
    on_exit: shutdown
"""


def test_a_node_becomes_a_command_line(tmp_path):
    (process,) = launch(tmp_path, NODE, ns="/other").processes
    assert (process.name, process.package, process.executable) == ("n", "p", "e")
    assert list(process.arguments) == [
        "--flag", "two words", "--ros-args", "-r", "__node:=n", "-r", "__ns:=/other",
        "-p", "speed:=2.0", "-p", 'label:="2.0"', "-p", "flag:=true", "-p", "list:=[1, 2]",
        "-r", "image:=/camera//other",
    ]  # fmt: skip
    assert process.environment == {"A": "1"}
    assert (process.respawn, process.respawn_delay, process.shutdown_on_exit) == (True, 1.5, True)


def test_conditions_choose_processes(tmp_path):
    text = """
- arg: {name: a, default: "true"}
- executable: {cmd: one, if: $(var a)}
- executable: {cmd: two, unless: $(var a)}
- group:
    - executable: {cmd: three}
- group:
    if: $(not $(var a))
    children:
      - executable: {cmd: four}
"""
    assert [p.name for p in launch(tmp_path, text).processes] == ["one", "three"]
    assert [p.name for p in launch(tmp_path, text, a="0").processes] == ["two", "three", "four"]


def test_groups_are_scoped_and_namespaces_stack(tmp_path):
    text = """
- group:
    - push_ros_namespace: {namespace: outer}
    - set_env: {name: IN, value: group}
    - let: {name: x, value: inside}
    - group:
        - push_ros_namespace: {namespace: inner}
        - node: {pkg: p, exec: deep, namespace: own}
    - node: {pkg: p, exec: mid}
    - node: {pkg: p, exec: absolute, namespace: /top}
- node: {pkg: p, exec: out}
"""
    deep, mid, absolute, out = launch(tmp_path, text).processes
    assert deep.arguments[-1] == "__ns:=/outer/inner/own"
    assert mid.arguments[-1] == "__ns:=/outer"
    assert absolute.arguments[-1] == "__ns:=/top"
    assert mid.environment == {"IN": "group"}
    assert (out.arguments, out.environment) == ((), {})


def test_an_include_takes_arguments_and_shares_the_scope_as_ros_does(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "inner.launch.yaml").write_text(
        "launch:\n- arg: {name: x, default: d}\n- arg: {name: y, default: d}\n"
        "- executable: {cmd: run $(var x) $(var y) $(dirname)}\n"
    )
    text = """
- include: {file: $(dirname)/sub/inner.launch.yaml, arg: [{name: x, value: given}]}
- executable: {cmd: after $(var y)}
"""
    first, second = launch(tmp_path, text).processes
    assert first.arguments == ("run", "given", "d", str(tmp_path / "sub"))
    assert second.arguments == ("after", "d")


def test_declared_arguments_are_listed_without_values(tmp_path):
    path = tmp_path / "x.launch.yaml"
    path.write_text(
        "launch:\n- arg: {name: needed, description: Must be given.}\n"
        "- arg: {name: free, default: $(var needed)/x}\n- node: {pkg: p, exec: e, if: $(var needed)}\n"
    )
    needed, free = declared_arguments(path, no_share)
    assert (needed.name, needed.default, needed.description) == ("needed", None, "Must be given.")
    assert free.name == "free"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- nodes: {pkg: p, exec: e}", "action 'nodes' is not supported"),
        ("- node: {pkg: p}", "lacks 'exec'"),
        ("- node: {pkg: p, exec: e, nmespace: x}", "key 'nmespace' is not supported"),
        ("- node: {pkg: p, exec: e, respawn: sometimes}", "not a truth value"),
        ("- node: {pkg: p, exec: e, respawn_delay: soon}", "must be a number of seconds"),
        ("- node: {pkg: p, exec: e, on_exit: restart}", "must be 'shutdown'"),
        ("- node: {pkg: p, exec: e, output: nowhere}", "must be one of screen, log, both"),
        ("- node: {pkg: p, exec: e, param: [{name: a}]}", "needs 'name' and 'value'"),
        ("- node: {pkg: p, exec: e, param: [{from: /nowhere.yaml}]}", "/nowhere.yaml does not exist"),
        ("- node: {pkg: p, exec: e, param: {name: a}}", "must be a list"),
        ("- node: {pkg: p, exec: e, if: 'true', unless: 'true'}", "both 'if' and 'unless'"),
        ("- node: {pkg: p, exec: e, if: maybe}", "not a truth value"),
        ("- node: text", "must be a mapping"),
        ("- just text", "exactly one name"),
        ("- executable: {cmd: ''}", "cmd is empty"),
        ("- include: {file: /nowhere.launch.yaml}", "/nowhere.launch.yaml does not exist"),
        ("- include: {file: /nowhere.launch.py}", "only YAML"),
        ("- include: {file: $(dirname)/some.launch.yaml}", "include each other"),
        ("- arg: {name: needed}", "argument 'needed' is needed"),
        ("- let: {name: a, value: $(var b)}", "'b' is not set"),
        ("- arg: {name: c, default: z, choice: [{value: a}, {value: b}]}", "must be one of a, b"),
        ("  - {", "cannot be read as YAML"),
    ],
)
def test_errors_name_the_file_and_the_key(tmp_path, text, words):
    with pytest.raises(LaunchError, match=words) as caught:
        launch(tmp_path, text)
    assert "launch." in str(caught.value)


def test_an_argument_that_nobody_declares_is_refused(tmp_path):
    with pytest.raises(LaunchError, match="declares no argument 'sped' .declared: ns, speed."):
        launch(tmp_path, NODE, sped="1")


def test_files_of_another_shape(tmp_path):
    for content in ("[]", "launch: 3", "{launch: [], other: 1}", "\xff"):
        path = tmp_path / "bad.launch.yaml"
        path.write_bytes(content.encode("latin-1"))
        with pytest.raises(LaunchError, match="bad.launch.yaml"):
            read(path, {}, no_share)
    with pytest.raises(LaunchError, match="does not exist"):
        read(Path(tmp_path / "none.launch.yaml"), {}, no_share)
