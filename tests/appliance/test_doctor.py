"""The doctor's findings on machines that are made up as a tree of files, and the promise of the support bundle."""

from __future__ import annotations

import json
import resource
import tarfile
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.appliance.doctor import Finding, Patient, Verdict, ask, examine, good
from ivrbox.appliance.doctor_bundle import scrub, scrub_journal, write_bundle
from ivrbox.appliance.doctor_house import HOUSE, data_folder, flows, keys, prompts, records, service
from ivrbox.appliance.doctor_house import settings as settings_check
from ivrbox.appliance.doctor_line import LINE, adapter, groups, options, pins, sample_rate, serial_port, sound
from ivrbox.appliance.doctor_machine import MACHINE, clock, memory, power, storage, versions, wear
from ivrbox.cdr import CallRecord, Store, TurnRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
NUMBER = "+49 30 90182736"
PIN = "48151623"
FLOW = """
[steps.hello]
prompt = "Good day."
then = { hangup = true }
"""
GROUPS = "root:x:0:\naudio:x:29:ivrbox\ndialout:x:20:\ngpio:x:997:pi,ivrbox\n"


class Machine:
    """A box that is made up: its files under a root of its own, its programs' answers in a table."""

    def __init__(self, folder: Path) -> None:
        self.root, self.config, self.data = folder / "root", folder / "config", folder / "data"
        self.answers: dict[str, str] = {}
        self.now = NOW
        for path in (self.root, self.config / "flows"):
            path.mkdir(parents=True)
        self.data.mkdir(mode=0o700)
        self.has_line()
        self.write("flows/main.toml", FLOW)

    def write(self, name: str, text: str) -> None:
        """A file of the configuration, or, with a leading slash, of the machine."""
        path = self.root / name.lstrip("/") if name.startswith("/") else self.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")

    def has_line(self, kind: str = "loopback", more: str = "", **line_options: str | int) -> None:
        listed = "\n".join(f"{key} = {json.dumps(value)}" for key, value in line_options.items())
        self.write(
            "ivrbox.toml", f'[call]\nentry = "main"\n{more}\n[line]\nkind = "{kind}"\n[line.options]\n{listed}\n'
        )

    def ask(self, *command: str) -> str:
        return self.answers.get(command[0], "")

    @property
    def patient(self) -> Patient:
        return Patient(self.config, self.data, self.root, self.ask, lambda: self.now)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def told(check: Callable[[Patient], Iterable[Finding]], machine: Machine) -> list[tuple[str, Verdict, str]]:
    return [(found.check, found.verdict, found.words) for found in check(machine.patient)]


def verdicts(check: Callable[[Patient], Iterable[Finding]], machine: Machine) -> dict[str, Verdict]:
    return {found.check: found.verdict for found in check(machine.patient)}


def test_every_check_that_is_not_good_says_what_to_do(machine: Machine) -> None:
    machine.has_line("modem", port="/dev/ttyACM0", hook_pin=17)
    machine.write("flows/main.toml", "[steps.a]\nnonsense = 1")
    machine.now = datetime(1970, 1, 1, tzinfo=UTC)
    findings = examine(machine.patient, {"machine": MACHINE, "line": LINE, "house": HOUSE})
    assert {finding.area for finding in findings} == {"machine", "line", "house"}
    assert [found for found in findings if found.verdict in {Verdict.WARNING, Verdict.FAULT} and not found.remedy] == []


def test_check_that_fails_itself_is_a_finding_and_stops_no_other(machine: Machine) -> None:
    def odd_thing(_: Patient) -> list[Finding]:
        raise ZeroDivisionError("oh")

    def calm_thing(_: Patient) -> list[Finding]:
        return [good("calm", "is calm")]

    first, second = examine(machine.patient, {"machine": (odd_thing, calm_thing)})
    assert (first.check, first.verdict) == ("odd thing", Verdict.WARNING)
    assert "ZeroDivisionError: oh" in first.words
    assert second.words == "is calm"


def test_program_that_is_not_there_or_fails_answers_nothing() -> None:
    assert ask("no-such-program-anywhere") == ""
    assert ask("sh", "-c", "echo yes") == "yes"


def test_machine_names_itself_with_its_libraries(machine: Machine) -> None:
    machine.write("/proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.5\0")
    machine.write("/etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n')
    words = {check: words for check, _, words in told(versions, machine)}
    assert words["machine"].startswith("Raspberry Pi 4 Model B Rev 1.5, ")
    assert words["system"].startswith("Debian GNU/Linux 13 (trixie), Linux ")
    assert "numpy " in words["libraries"]


@pytest.mark.parametrize(
    ("flags", "verdict"), [("0", Verdict.GOOD), ("50000", Verdict.WARNING), ("50005", Verdict.FAULT)]
)
def test_weak_supply_is_seen(machine: Machine, flags: str, verdict: Verdict) -> None:
    machine.write("/sys/devices/platform/soc/soc:firmware/get_throttled", flags)
    assert verdicts(power, machine) == {"supply": verdict}


@pytest.mark.parametrize(("millidegrees", "verdict"), [("48500", Verdict.GOOD), ("83000", Verdict.WARNING)])
def test_heat_is_seen(machine: Machine, millidegrees: str, verdict: Verdict) -> None:
    machine.write("/sys/class/thermal/thermal_zone0/temp", millidegrees)
    assert verdicts(power, machine) == {"temperature": verdict}


def test_clock_that_was_never_set_is_a_fault(machine: Machine) -> None:
    machine.now = datetime(2020, 1, 1, tzinfo=UTC)
    assert told(clock, machine) == [("clock", Verdict.FAULT, "is not set: it shows 2020-01-01")]


@pytest.mark.parametrize(("answer", "verdict"), [("yes", Verdict.GOOD), ("no", Verdict.WARNING), ("", Verdict.GOOD)])
def test_clock_that_no_server_confirms_is_a_warning(machine: Machine, answer: str, verdict: Verdict) -> None:
    machine.write("/run/systemd/system/x", "")
    machine.write("/dev/rtc0", "")
    machine.answers["timedatectl"] = answer
    assert verdicts(clock, machine) == {"clock": verdict}


def test_swap_on_a_disk_is_told_and_zram_is_not(machine: Machine) -> None:
    machine.write("/proc/swaps", "Filename Type Size\n/dev/zram0 partition 100\n")
    assert ("swap", Verdict.GOOD, "none on any disk") in told(memory, machine)
    machine.write("/proc/swaps", "Filename Type Size\n/var/swap file 100\n")
    assert verdicts(memory, machine)["swap"] is Verdict.NOTE


def test_disk_without_room_for_one_recording_is_a_fault(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    class Medium:
        f_flag, f_frsize, f_blocks, f_bavail = 0, 4096, 1_000_000, 20_000

    monkeypatch.setattr("os.statvfs", lambda _: Medium)
    ((check, verdict, words),) = told(storage, machine)
    assert (check, verdict) == ("disk", Verdict.FAULT)
    assert "0.1 of 4.1 GB are free" in words
    Medium.f_bavail = 150_000
    assert verdicts(storage, machine) == {"disk": Verdict.WARNING}
    Medium.f_bavail = 900_000
    assert verdicts(storage, machine) == {"disk": Verdict.GOOD}
    Medium.f_flag = 1
    assert "read-only" in told(storage, machine)[0][2]


@pytest.mark.parametrize(
    ("life", "verdict"), [("0x01 0x02", Verdict.GOOD), ("0x09 0x01", Verdict.WARNING), ("0x02 0x0b", Verdict.FAULT)]
)
def test_worn_medium_is_seen(machine: Machine, life: str, verdict: Verdict) -> None:
    machine.write("/sys/block/mmcblk0/device/life_time", life)
    assert verdicts(wear, machine) == {"wear": verdict}


def test_errors_of_the_file_system_are_seen(machine: Machine) -> None:
    machine.write("/sys/fs/ext4/mmcblk0p2/errors_count", "3")
    assert told(wear, machine) == [("file system", Verdict.FAULT, "3 errors on mmcblk0p2")]
    machine.write("/sys/fs/ext4/mmcblk0p2/errors_count", "0")
    machine.write("/sys/fs/ext4/mmcblk0p2/lifetime_write_kbytes", "7000000")
    assert told(wear, machine) == [
        ("file system", Verdict.GOOD, "no errors on mmcblk0p2; 7 GB were ever written to it")
    ]


def test_line_without_a_wire_is_noted_and_an_unknown_one_is_a_fault(machine: Machine) -> None:
    assert verdicts(adapter, machine) == {"line": Verdict.NOTE}
    machine.has_line("modm")
    ((_, verdict, words),) = told(adapter, machine)
    assert verdict is Verdict.FAULT
    assert "did you mean 'modem'?" in words


def test_options_that_the_adapter_does_not_know_are_a_fault(machine: Machine) -> None:
    machine.has_line("usb_audio", hook_pn=17)
    ((_, verdict, words),) = told(options, machine)
    assert verdict is Verdict.FAULT
    assert "hook_pin" in words


def test_group_that_the_service_is_not_in_is_named_with_the_command(machine: Machine) -> None:
    machine.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nivrbox:x:990:990::/var/lib/ivrbox:/usr/sbin/nologin\n")
    machine.write("/etc/group", GROUPS)
    machine.has_line("usb_audio", hook_pin=17)
    assert told(groups, machine) == [("groups", Verdict.GOOD, "ivrbox is in audio, gpio")]
    machine.has_line("modem", port="/dev/ttyACM0")
    (found,) = groups(machine.patient)
    assert found.words == "ivrbox is not in dialout"
    assert found.remedy.startswith("sudo usermod -aG dialout ivrbox")


CARDS = """\
 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [Device         ]: USB-Audio - USB Audio Device
                      C-Media USB Audio Device at usb-1.1, full speed
"""


def test_sound_cards_are_listed_with_the_rates_they_take(machine: Machine) -> None:
    machine.has_line("usb_audio", device="USB Audio Device: - (hw:1,0)")
    machine.write("/proc/asound/cards", CARDS)
    machine.write("/proc/asound/card1/stream0", "Playback:\n    Rates: 44100, 48000\nCapture:\n    Rates: 48000\n")
    assert told(sound, machine) == [
        ("sound card", Verdict.GOOD, "0 Headphones: bcm2835_headpho - bcm2835 Headphones"),
        ("sound card", Verdict.GOOD, "1 Device: USB-Audio - USB Audio Device; takes 44100, 48000 and 48000 Hz"),
    ]


def test_sound_card_that_is_not_there_is_told_with_those_that_are(machine: Machine) -> None:
    machine.has_line("usb_audio", input="Scarlett")
    assert told(sound, machine) == [("sound card", Verdict.FAULT, "there is none")]
    machine.write("/proc/asound/cards", CARDS)
    found = list(sound(machine.patient))[-1]
    assert found.words == "no card is named 'Scarlett'"
    assert "Headphones, Device" in found.remedy


def test_rate_that_is_no_multiple_of_ours_is_noted(machine: Machine) -> None:
    machine.has_line("usb_audio", rate=48000)
    assert told(sample_rate, machine) == []
    machine.has_line("usb_audio", rate=44100)
    assert verdicts(sample_rate, machine) == {"sample rate": Verdict.NOTE}


def test_port_that_is_missing_is_told_with_those_that_are_there(machine: Machine) -> None:
    machine.has_line("modem", port="/dev/ttyACM0")
    machine.write("/dev/serial/by-id/usb-U.S.Robotics_USB_Modem-if00", "")
    (found,) = serial_port(machine.patient)
    assert found.verdict is Verdict.FAULT
    assert "/dev/serial/by-id/usb-U.S.Robotics_USB_Modem-if00" in found.remedy


def a_port(machine: Machine, mode: int = 0o660) -> None:
    machine.has_line("modem", port="/dev/ttyACM0")
    machine.write("/dev/ttyACM0", "")
    (machine.root / "dev/ttyACM0").chmod(mode)


def test_port_that_is_ours_alone_is_good(machine: Machine) -> None:
    a_port(machine)
    assert set(verdicts(serial_port, machine).values()) == {Verdict.GOOD}


def test_port_that_is_closed_to_its_group_is_a_warning(machine: Machine) -> None:
    a_port(machine, 0o600)
    assert verdicts(serial_port, machine)["serial port"] is Verdict.WARNING


@pytest.mark.parametrize(
    ("holder", "verdict"), [("minicom", Verdict.FAULT), ("ivrbox", Verdict.GOOD), ("", Verdict.NOTE)]
)
def test_who_holds_the_lock_of_a_port_is_told(machine: Machine, holder: str, verdict: Verdict) -> None:
    a_port(machine)
    machine.write("/run/lock/LCK..ttyACM0", "       812 minicom pi\n")
    machine.write("/proc/812/comm", holder)
    assert verdicts(serial_port, machine).get("serial lock", Verdict.GOOD) is verdict


def test_modem_manager_is_a_fault_unless_a_rule_keeps_it_off(machine: Machine) -> None:
    a_port(machine)
    machine.write("/proc/99/comm", "ModemManager\n")
    assert verdicts(serial_port, machine)["ModemManager"] is Verdict.FAULT
    machine.write("/etc/udev/rules.d/60-ivrbox-modem.rules", 'ENV{ID_MM_DEVICE_IGNORE}="1"\n')
    assert ("ModemManager", Verdict.GOOD, "keeps off") in told(serial_port, machine)


def test_pins_need_a_chip(machine: Machine) -> None:
    assert told(pins, machine) == []
    machine.has_line("usb_audio", hook_pin=17)
    assert verdicts(pins, machine) == {"pins": Verdict.FAULT}
    machine.write("/dev/gpiochip0", "")
    (machine.root / "dev/gpiochip0").chmod(0o660)
    assert verdicts(pins, machine)["pins"] is Verdict.GOOD


def test_pins_need_a_library_that_reaches_them(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.has_line("usb_audio", hook_pin=17)
    machine.write("/dev/gpiochip0", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "gpiozero" or None)
    assert verdicts(pins, machine)["GPIO factory"] is Verdict.FAULT
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name in {"gpiozero", "lgpio"} or None)
    assert ("GPIO factory", Verdict.GOOD, "lgpio") in told(pins, machine)


STATE = "LoadState=loaded\nActiveState={}\nSubState={}\nUnitFileState={}\nStatusText={}\nNRestarts={}\nResult={}"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("LoadState=not-found", [Verdict.NOTE]),
        (STATE.format("active", "running", "enabled", "waiting for calls", 0, "success"), [Verdict.GOOD]),
        (STATE.format("active", "running", "disabled", "", 2, "success"), [Verdict.GOOD] + [Verdict.WARNING] * 2),
        (STATE.format("failed", "failed", "enabled", "", 0, "watchdog"), [Verdict.FAULT]),
    ],
)
def test_service_is_seen_as_systemd_sees_it(machine: Machine, state: str, expected: list[Verdict]) -> None:
    machine.write("/run/systemd/system/x", "")
    machine.answers["systemctl"] = state
    assert [verdict for _, verdict, _ in told(service, machine)] == expected


def test_faults_of_settings_and_flows_are_told(machine: Machine) -> None:
    assert verdicts(settings_check, machine) | verdicts(flows, machine) == {
        "settings": Verdict.GOOD,
        "flows": Verdict.GOOD,
    }
    machine.write("ivrbox.toml", "[call]\n[line]\nrings = 40\n")
    assert [verdict for _, verdict, _ in told(settings_check, machine)] == [Verdict.FAULT, Verdict.FAULT]
    machine.write("flows/main.toml", "[steps.a]\nnonsense = 1")
    assert verdicts(flows, machine) == {"flows": Verdict.FAULT}
    (machine.config / "flows/main.toml").unlink()
    assert verdicts(flows, machine) == {"flows": Verdict.FAULT}


def test_who_may_not_look_at_the_settings_is_told_who_may(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    (found,) = settings_check(machine.patient)
    assert found.words == f"{machine.config} is closed to you"
    assert found.remedy == "ask as root: sudo ivrbox doctor"
    assert told(flows, machine) == []


def test_sound_file_that_a_flow_names_and_nobody_has_is_told(machine: Machine) -> None:
    machine.write("flows/main.toml", FLOW.replace('"Good day."', '{ text = "Good day.", wav = "day.wav" }'))
    assert verdicts(prompts, machine)["prompts"] is Verdict.WARNING


def test_key_that_opens_recordings_should_leave_the_box(machine: Machine) -> None:
    assert verdicts(keys, machine) == {"keys": Verdict.NOTE}
    folder = machine.data / "keys"
    folder.mkdir(mode=0o700)
    (folder / "recipient.txt").write_text("age1...")
    assert verdicts(keys, machine) == {"keys": Verdict.GOOD}
    (folder / "identity.txt").touch(0o600)
    assert verdicts(keys, machine) == {"keys": Verdict.WARNING}
    (folder / "identity.txt").chmod(0o644)
    assert [verdict for _, verdict, _ in told(keys, machine)] == [Verdict.FAULT, Verdict.WARNING]


def test_data_folder_that_others_may_enter_is_told(machine: Machine) -> None:
    assert verdicts(data_folder, machine) == {"data": Verdict.GOOD}
    machine.data.chmod(0o755)
    assert [verdict for _, verdict, *_ in told(data_folder, machine)] == [Verdict.WARNING]


def a_call(machine: Machine, recording: str) -> None:
    store = Store(machine.data / "calls.db")
    store.finish(
        CallRecord(
            id=f"20260301T120000Z-000{len(recording)}",
            line="line",
            caller=NUMBER,
            started="2026-03-01T12:00:00+00:00",
            duration_s=12.0,
            ended="caller_hung_up",
            turns=(TurnRecord("user", PIN, "complete", 6.0),),
            path=("main.hello",),
            recording=recording,
            trace=(f"pressed {PIN}",),
        )
    )
    store.close()


def test_recordings_that_got_lost_are_told(machine: Machine) -> None:
    assert told(records, machine) == []
    a_call(machine, "kept")
    assert verdicts(records, machine) == {"records": Verdict.GOOD}
    a_call(machine, "damaged")
    assert told(records, machine) == [("records", Verdict.WARNING, "1 of the last 2 recordings are lost or damaged")]


def test_store_that_is_none_is_a_fault(machine: Machine) -> None:
    (machine.data / "calls.db").write_text("this is no database at all" * 100)
    assert verdicts(records, machine) == {"records": Verdict.FAULT}


# --- The bundle


JOURNAL = f"""\
2026-11-03T09:00:00+0000 ivrbox[812]: call 20261103T090000Z-0af3c21b: answered on line
2026-11-03T09:00:09+0000 ivrbox[812]: call 20261103T090000Z-0af3c21b: pressed {PIN} from {NUMBER}
2026-11-03T09:05:00+0000 ivrbox[812]: call 20261103T090500Z-77aa5e06: completed after 9.5 s
"""


def unpacked(path: Path) -> dict[str, str]:
    with tarfile.open(path) as bundle:
        files = {member.name: bundle.extractfile(member) for member in bundle.getmembers()}
        return {Path(name).name: file.read().decode() for name, file in files.items() if file}


@pytest.mark.parametrize(
    ("capabilities", "verdict"),
    [("000001ffffffffff", Verdict.GOOD), ("0000000000004000", Verdict.GOOD), ("000001ffffffbfff", Verdict.WARNING)],
)
def test_memory_beyond_the_limit_is_locked_by_who_has_the_capability_not_by_who_is_root(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capabilities: str, verdict: Verdict
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (65536, 65536))
    machine.write("/proc/self/status", f"Name:\tivrbox\nCapEff:\t{capabilities}\n")
    assert verdicts(memory, machine)["memory lock"] is verdict


def test_port_that_leads_nowhere_is_no_serial_port(machine: Machine) -> None:
    machine.has_line("modem", port="/dev/null")
    machine.write("/dev/other", "")
    (machine.root / "dev/null").symlink_to("/dev/null")
    assert told(serial_port, machine) == [("serial port", Verdict.FAULT, "/dev/null is no serial port")]


def test_bundle_tells_how_the_box_is_and_nothing_of_anybody(machine: Machine, tmp_path: Path) -> None:
    more = (
        '[recording]\nrecipients = ["age1qqqqexample"]\n[prompts]\ngoodbye = "Write to a.b@example.org, ring 555-0199."'
    )
    machine.has_line("tape", more, file=f"/home/olga/{NUMBER}.wav")
    machine.write("flows/main.toml", FLOW.replace("Good day.", f"Ring {NUMBER}."))
    machine.answers["journalctl"] = JOURNAL
    a_call(machine, "kept")
    findings = examine(machine.patient, {"machine": MACHINE, "line": LINE, "house": HOUSE})
    bundle = tmp_path / "bundle.tar.gz"
    names = write_bundle(bundle, machine.patient, findings)
    files = unpacked(bundle)
    assert list(files) == names == ["doctor.json", "settings.toml", "flows.txt", "calls.json", "journal.txt"]
    everything = "\n".join(files.values())
    for private in ("90182736", "9018", PIN, "0199", "age1qqqq", "example.org", "0af3"):
        assert private not in everything
    assert bundle.stat().st_mode & 0o077 == 0
    assert json.loads(files["calls.json"])["recording"] == {"kept": 1}
    assert files["flows.txt"] == "main: hello\n"
    lines = files["journal.txt"].splitlines()
    assert lines[0] == "2026-11-03T09:00:00+0000 ivrbox[812]: call <a>: answered on line"
    assert lines[2].endswith("call <b>: completed after 9.5 s")


def test_bundle_is_written_even_when_nothing_can_be_read(tmp_path: Path) -> None:
    patient = Patient(tmp_path / "none", tmp_path / "none", tmp_path, lambda *_: "", lambda: NOW)
    write_bundle(tmp_path / "bundle.tar.gz", patient, examine(patient, {"house": HOUSE}))
    assert unpacked(tmp_path / "bundle.tar.gz")["calls.json"] == "{}"


def test_bundle_does_not_write_over_a_file(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(FileExistsError):
        write_bundle(tmp_path / "mine", machine.patient, [])
    assert (tmp_path / "mine").read_text() == "mine"


APART = st.sampled_from(["", " ", "-", ".", ", ", " / ", ") ", "', '", "#", "*"])
WORDS = st.text("abc .,:'/-+", max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("0123456789"), APART), min_size=4, max_size=16), WORDS, WORDS)
def test_four_digits_or_more_never_pass_however_they_stand(
    number: list[tuple[str, str]], before: str, after: str
) -> None:
    scrubbed = scrub(before + "".join(digit + apart for digit, apart in number) + after)
    assert not any(map(str.isdecimal, scrubbed))


def test_calls_in_a_journal_are_told_apart_without_their_ids() -> None:
    calls = [f"call 20261103T0900{number:02}Z-0af3c21b: up" for number in range(28)]
    lines = scrub_journal([*calls, calls[0]]).splitlines()
    assert lines[0] == lines[28] == "call <a>: up"
    assert len(set(lines)) == 28
