"""The script at the root: what it says and how it ends, on machines that lack things, without touching this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = ("box", ".ci/run")


class Machine:
    """A checkout with nothing in it but `box`, on a machine whose programs are scripts of ours and a few of its own."""

    OWN = ("sh", "cat", "cksum", "cut", "dirname", "env", "id", "mktemp", "readlink", "rm", "sed", "tr")

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.root.mkdir()
        self.bin.mkdir()
        for name in ("box", "pyproject.toml"):
            shutil.copy(ROOT / name, self.root)
        for name in self.OWN:
            (self.bin / name).symlink_to(shutil.which(name) or name)
        (self.bin / "python3").symlink_to(sys.executable)
        self.play("id", "echo 1000")
        self.play("dpkg-query", "echo 'installed python3-venv'")
        self.play("apt-cache", "exit 0")
        self.play("apt-get", "")

    def play(self, name: str, script: str) -> None:
        """Put a script in place of a program; each call is noted."""
        program = self.bin / name
        program.unlink(missing_ok=True)
        program.write_text(f'#!/bin/sh\necho "{program.name} $*" >> {self.log}\n{script}\n')
        program.chmod(0o755)

    def box(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "box", *args], env={"PATH": str(self.bin)}, capture_output=True, text=True, check=False
        )

    def has_all_packages(self) -> None:
        self.play(
            "dpkg-query",
            "for name in python3-venv festival festvox-us-slt-hts libsodium23; do echo installed $name; done",
        )

    def has_environment(self, pip: str = "exit 0") -> None:
        """A .venv whose pip and ivrbox are scripts; the Python is the real one."""
        (self.root / ".venv" / "bin").mkdir(parents=True)
        self.play("../checkout/.venv/bin/ivrbox", 'echo "$IVRBOX_CONFIG $IVRBOX_DATA"')
        self.play("../checkout/.venv/bin/python", f'[ "$2" = pip ] || exec {sys.executable} "$@"\n{pip}')

    def calls(self, name: str) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("script", [*SCRIPTS, "debian/postinst", "debian/prerm", "debian/postrm", "tests/arm64.sh"])
def test_script_is_executable_and_without_a_fault(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    checker = shutil.which("shellcheck")
    if checker is None:
        pytest.skip("shellcheck is not installed")
    done = subprocess.run([checker, "--external-sources", ROOT / script], capture_output=True, text=True, check=False)
    assert done.stdout == ""


@pytest.mark.parametrize("args", [(), ("help",), ("--help",)])
def test_help_names_every_verb(machine: Machine, args: tuple[str, ...]) -> None:
    done = machine.box(*args)
    assert done.returncode == 0
    for verb in ("demo", "test", "lint", "bench", "docs", "help", "install", "upgrade", "uninstall", "deb"):
        assert f"\n  {verb} " in done.stdout


def test_unknown_verb_is_an_error_with_the_help(machine: Machine) -> None:
    done = machine.box("dance")
    assert done.returncode == 2
    assert "there is no verb dance" in done.stderr
    assert "Usage: ./box VERB" in done.stderr


def test_without_root_the_one_command_is_told(machine: Machine) -> None:
    done = machine.box("demo")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-2] == (
        "  sudo apt-get update && sudo apt-get install --yes --no-install-recommends "
        "festival festvox-us-slt-hts libsodium23"
    )
    assert machine.calls("apt-get") == []
    assert not (machine.root / ".venv").exists()


def test_sudo_that_would_ask_for_a_password_is_not_used(machine: Machine) -> None:
    machine.play("sudo", "exit 1")
    assert machine.box("demo").returncode == 2
    assert machine.calls("sudo") == ["-n true"]


def test_sudo_without_a_password_is_used_and_said(machine: Machine) -> None:
    machine.play("sudo", 'shift; "$@"')
    machine.play("apt-get", 'case "$*" in *install*) exit 100 ;; esac')
    done = machine.box("demo")
    assert "box: installing Debian packages: festival festvox-us-slt-hts libsodium23 (by sudo)" in done.stderr
    assert [call.split()[-3:] for call in machine.calls("apt-get")] == [
        ["-o", "DPkg::Lock::Timeout=120", "update"],
        ["festival", "festvox-us-slt-hts", "libsodium23"],
    ]


def test_root_gets_what_apt_said_when_it_fails(machine: Machine) -> None:
    machine.play("id", "echo 0")
    machine.play("apt-get", "echo E: no network; exit 100")
    done = machine.box("demo")
    assert done.returncode == 2
    assert "E: no network" in done.stderr
    assert "apt-get failed" in done.stderr


def test_release_without_a_referee_leaves_it_out_and_takes_the_other_name(machine: Machine) -> None:
    machine.play("id", "echo 0")
    machine.play("apt-cache", 'case "$*" in *" libspandsp2"|*multimon-ng) exit 100 ;; esac')
    machine.play("apt-get", 'case "$*" in *install*) exit 100 ;; esac')
    done = machine.box("test")
    assert "this release has no multimon-ng: left out" in done.stderr
    installed = machine.calls("apt-get")[-1].split()
    assert "libspandsp2t64" in installed
    assert "libspandsp2" not in installed
    assert "multimon-ng" not in installed


def test_what_the_release_does_not_have_stops_nobody_and_starts_no_search(machine: Machine) -> None:
    machine.play("apt-cache", "[ $1 != madison ] || echo dpkg; [ $1 != show ]")
    packages = "python3-venv festival festvox-us-slt-hts libsodium23 python3-dev build-essential portaudio19-dev"
    machine.play("dpkg-query", f"for name in {packages}; do echo installed $name; done")
    machine.has_environment(pip="exit 1")
    assert "setting up .venv" in machine.box("test").stderr
    assert machine.calls("apt-get") == []


def test_without_package_lists_the_first_name_is_told(machine: Machine) -> None:
    machine.play("apt-cache", "exit 100")
    told = machine.box("test").stderr.split()
    assert "libspandsp2" in told
    assert "libspandsp2t64" not in told


def test_old_python_is_named_with_what_is_needed(machine: Machine) -> None:
    oldest = "if [ $1 = --version ]; then echo Python 3.9.2; else exit 1; fi"
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        machine.play(name, oldest)
    script = (machine.root / "box").read_text().replace(" /usr/bin/python3 ", " ")
    (machine.root / "box").write_text(script)
    done = machine.box("demo")
    assert done.returncode == 2
    assert done.stderr == "box: Python 3.11 or newer is needed; here is Python 3.9.2\n"


def test_demo_gets_its_arguments_and_the_folders_of_the_checkout(machine: Machine) -> None:
    machine.has_all_packages()
    machine.has_environment()
    done = machine.box("demo", "--flow", "two words")
    assert done.returncode == 0
    assert done.stdout == f"{machine.root}/config {machine.root}/data\n"
    assert machine.calls("ivrbox") == ["demo --flow two words"]


def test_second_run_installs_nothing_and_says_nothing(machine: Machine) -> None:
    machine.has_all_packages()
    machine.has_environment()
    machine.box("demo")
    done = machine.box("demo")
    assert done.stderr == ""
    assert len([call for call in machine.calls("python") if "pip install" in call]) == 1


def test_changed_project_is_installed_again(machine: Machine) -> None:
    machine.has_all_packages()
    machine.has_environment()
    machine.box("demo")
    with (machine.root / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    machine.box("demo")
    assert len([call for call in machine.calls("python") if "pip install" in call]) == 2


def test_failed_pip_is_shown_and_tried_again_next_time(machine: Machine) -> None:
    machine.has_all_packages()
    machine.has_environment(pip="echo no wheel for you; exit 1")
    for _ in range(2):
        done = machine.box("demo")
        assert done.returncode == 2
        assert "no wheel for you" in done.stderr
        assert "pip failed" in done.stderr
    assert machine.calls("ivrbox") == []


@pytest.mark.parametrize("verb", [("install",), ("uninstall", "--with-data")])
def test_what_changes_the_machine_needs_root_and_says_how(machine: Machine, verb: tuple[str, ...]) -> None:
    done = machine.box(*verb)
    assert done.returncode == 2
    assert done.stderr == f"box: this changes the machine, so it needs root. Please type: sudo ./box {' '.join(verb)}\n"
    assert machine.calls("apt-get") == []


def test_sudo_without_a_password_goes_on_as_root(machine: Machine) -> None:
    machine.play("sudo", 'if [ "$2" = true ]; then exit 0; fi')
    assert machine.box("uninstall", "--with-data").returncode == 0
    assert machine.calls("sudo") == ["-n true", f"-n {machine.root}/box uninstall --with-data"]


def test_upgrade_of_what_is_not_installed_is_refused(machine: Machine) -> None:
    script = (machine.root / "box").read_text().replace("=/opt/ivrbox\n", f"={machine.root}/opt\n")
    (machine.root / "box").write_text(script)
    done = machine.box("upgrade")
    assert done.returncode == 2
    assert "no box is installed here; first: sudo ./box install" in done.stderr


def test_uninstall_takes_no_word_that_it_does_not_know(machine: Machine) -> None:
    done = machine.box("uninstall", "--everything")
    assert done.returncode == 2
    assert "uninstall takes --with-data or nothing, not --everything" in done.stderr


def test_package_is_made_with_the_pythons_of_debian_alone(machine: Machine) -> None:
    (machine.root / "debian").mkdir()
    (machine.root / "debian/build.sh").write_text('build_package() { echo "with $PYTHONS"; }\n')
    assert machine.box("deb").stdout == "with /usr/bin/python3\n"
