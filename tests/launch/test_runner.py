import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from pose_ssl_ros.embedded.launch.description import LaunchDescription, ProcessSpec
from pose_ssl_ros.embedded.launch.errors import LaunchError
from pose_ssl_ros.embedded.launch.runner import Runner, merged_environment


def python(code, name="child", **settings):
    return ProcessSpec(name=name, arguments=(sys.executable, "-c", textwrap.dedent(code)), **settings)


def command(spec):
    return list(spec.arguments), merged_environment(spec)


def run(*specs, **settings):
    stream = io.StringIO()
    runner = Runner(LaunchDescription(processes=list(specs)), command, stream=stream, **settings)
    return runner, runner.run(), stream.getvalue()


def test_output_is_prefixed_and_success_is_zero(tmp_path):
    log = tmp_path / "logs" / "launch.log"
    _, code, text = run(python("print('one'); print('two')", "talker"), log_file=log)
    assert code == 0
    assert [line for line in text.splitlines() if line.startswith("[talker-1]")] == ["[talker-1] one", "[talker-1] two"]
    assert "[talker-1] one" in log.read_text()


def test_stderr_and_bad_bytes_come_through():
    _, _, text = run(python("import sys; sys.stderr.write('woe\\n'); sys.stdout.buffer.write(b'\\xff\\n')"))
    assert "[child-1] woe" in text
    assert "[child-1] \ufffd" in text


def test_a_failure_is_told_and_the_others_go_on():
    runner, code, text = run(
        python("raise SystemExit(3)", "bad"), python("import time; time.sleep(0.3); print('still')", "good")
    )
    assert code == 1
    assert runner.failures == ["bad-1 ended with code 3"]
    assert "[good-2] still" in text


def test_a_required_process_ends_the_others_with_its_code():
    start = time.monotonic()
    _, code, _ = run(python("import time; time.sleep(60)"), python("raise SystemExit(7)", shutdown_on_exit=True))
    assert code == 7
    assert time.monotonic() - start < 10


def test_respawn_starts_again(tmp_path):
    mark = tmp_path / "runs"
    once = f"""
        import pathlib, sys, time
        mark = pathlib.Path({str(mark)!r})
        runs = int(mark.read_text()) + 1 if mark.exists() else 1
        mark.write_text(str(runs))
        if runs < 3: sys.exit(1)
        time.sleep(60)
    """
    watcher = f"""
        import pathlib, time
        mark = pathlib.Path({str(mark)!r})
        while not mark.exists() or mark.read_text() != '3': time.sleep(0.02)
    """
    runner, code, text = run(
        python(once, "phoenix", respawn=True, respawn_delay=0.1), python(watcher, "watcher", shutdown_on_exit=True)
    )
    assert code == 0
    assert text.count("error: phoenix-") == 2
    assert len(runner.failures) == 2


def test_a_process_that_ignores_signals_is_killed_with_all_that_it_started(tmp_path):
    pids = tmp_path / "pids"
    stubborn = f"""
        import os, pathlib, signal, subprocess, sys, time
        signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, '-c',
            'import signal, time; signal.signal(2, signal.SIG_IGN); signal.signal(15, signal.SIG_IGN); time.sleep(60)'])
        pathlib.Path({str(pids)!r}).write_text(f'{{os.getpid()}} {{child.pid}}')
        time.sleep(60)
    """
    starter = f"""
        import pathlib, time
        while not pathlib.Path({str(pids)!r}).exists(): time.sleep(0.02)
        time.sleep(0.2)
    """
    _, code, text = run(
        python(stubborn, "stubborn", sigterm_timeout=0.3, sigkill_timeout=0.3),
        python(starter, "starter", shutdown_on_exit=True),
    )
    assert code == 1  # the required one ended well, the other did not
    assert "sending SIGTERM" in text
    assert "sending SIGKILL" in text
    for pid in map(int, pids.read_text().split()):
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_what_cannot_start_ends_all():
    def half(spec):
        if spec.name == "missing":
            raise LaunchError("executable 'missing' does not exist")
        return command(spec)

    stream = io.StringIO()
    specs = [python("import time; time.sleep(60)"), python("", "missing")]
    runner = Runner(LaunchDescription(processes=specs), half, stream=stream)
    assert runner.run() == 1
    assert "executable 'missing' does not exist" in stream.getvalue()


def test_a_command_that_is_not_there_is_an_error():
    _, code, text = run(ProcessSpec(name="ghost", arguments=("/nowhere/ghost",)))
    assert code == 1
    assert "ghost cannot be started" in text


def test_stop_from_another_thread_is_a_good_end():
    stream = io.StringIO()
    runner = Runner(LaunchDescription(processes=[python("import time; time.sleep(60)")]), command, stream=stream)
    threading.Timer(0.4, runner.stop).start()
    assert runner.run() == 0


def launcher(tmp_path, code):
    """`pose-ssl launch` of one child in a process of its own; returns it and the child's pid."""
    pid = tmp_path / "pid"
    script = tmp_path / "child.py"
    script.write_text(f"import os, pathlib, time\n{code}\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
                      "time.sleep(60)\n")  # fmt: skip
    file = tmp_path / "one.launch.yaml"
    file.write_text(f"launch:\n- executable: {{cmd: {sys.executable} {script}, name: one}}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "pose_ssl_ros.cli.main", "launch", str(file)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    end = time.monotonic() + 20
    while not (pid.exists() and pid.read_text()) and time.monotonic() < end:
        time.sleep(0.02)
    return process, int(pid.read_text())


def gone(pid, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("stubborn", ["", "import signal; signal.signal(2, signal.SIG_IGN); signal.signal(15, 1)"])
def test_ctrl_c_ends_everything_within_five_seconds(tmp_path, stubborn):
    process, pid = launcher(tmp_path, stubborn)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=5.0)
    assert gone(pid, 0.1)
    assert process.returncode == (1 if stubborn else 0)


def test_killing_the_launcher_leaves_no_orphan(tmp_path):
    process, pid = launcher(tmp_path, "")
    os.kill(process.pid, signal.SIGKILL)
    process.wait(5)
    assert gone(pid, 5.0)
    assert process.stdout is not None
    process.stdout.close()
