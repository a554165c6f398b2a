"""The state of a box as Prometheus reads it (text exposition format 0.0.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Status = Mapping[str, Any]

LINE_STATES = ("idle", "ringing", "in_call", "lost")


class Metric(NamedTuple):
    """One metric: its name without `ivrbox_`, its kind, what it means, and where in the status its value stands."""

    name: str
    kind: str
    about: str
    place: str
    label: str = ""
    """Set where the value is a table: the label that its keys become."""


METRICS = (
    Metric("uptime_seconds", "gauge", "Time since the box was started.", "uptime_s"),
    Metric("line_losses_total", "counter", "How often the line was lost.", "line.losses"),
    Metric("line_lost_samples_total", "counter", "Samples (8 kHz) that the line lost in calls.", "line.samples_lost"),
    Metric("calls_today", "gauge", "Calls answered since midnight.", "calls.today"),
    Metric("calls_answered_total", "counter", "Calls answered.", "calls.total"),
    Metric("call_seconds_total", "counter", "Time spent in calls that have ended.", "calls.seconds"),
    Metric("calls_ended_total", "counter", "Calls that have ended, by reason.", "calls.ended", "reason"),
    Metric("recordings_total", "counter", "What became of recordings.", "calls.recordings", "state"),
    Metric("disk_free_bytes", "gauge", "Room on the medium of the data folder.", "disk.free"),
    Metric("disk_size_bytes", "gauge", "Size of the medium of the data folder.", "disk.total"),
    Metric("kept_recordings", "gauge", "Recordings that are kept.", "disk.recordings"),
    Metric("kept_recordings_bytes", "gauge", "Size of the recordings that are kept.", "disk.recordings_bytes"),
    Metric("kept_messages", "gauge", "Messages that are kept.", "disk.messages"),
    Metric("records_waiting", "gauge", "Writes that the store has not taken yet.", "records.waiting"),
    Metric("records_lost_total", "counter", "Writes that were given up.", "records.lost"),
    Metric("warnings_total", "counter", "Warnings in the log.", "faults.warning"),
    Metric("errors_total", "counter", "Errors in the log.", "faults.error"),
    Metric("events_total", "counter", "Events for others, by what became of them.", "events", "fate"),
    Metric("resident_bytes", "gauge", "Memory in RAM, the recording spool included.", "process.resident_bytes"),
    Metric("threads", "gauge", "Threads of the process.", "process.threads"),
)


def prometheus(status: Status) -> str:
    """The whole text."""
    return "\n".join(_lines(status)) + "\n"


def _lines(status: Status) -> Iterator[str]:
    yield from _head("info", "gauge", "Which box this is.")
    yield _sample("info", {"version": status["version"], "line": status["line"]["name"]}, 1)
    yield from _head("line_state", "gauge", "1 for the state that the line is in.")
    for state in LINE_STATES:
        yield _sample("line_state", {"state": state}, int(status["line"]["state"] == state))
    yield from _head("recording_refused", "gauge", "1 while calls cannot be recorded.")
    yield _sample("recording_refused", {}, int(bool(status["disk"]["refusal"])))
    for metric in METRICS:
        yield from _head(metric.name, metric.kind, metric.about)
        value = _at(status, metric.place)
        table = {"": value} if not metric.label else value
        for key, number in table.items():
            yield _sample(metric.name, {metric.label: key} if metric.label else {}, number)


def _head(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP ivrbox_{name} {about}"
    yield f"# TYPE ivrbox_{name} {kind}"


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"ivrbox_{name}{{{inside}}} {value}" if inside else f"ivrbox_{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _at(status: Status, place: str) -> Any:  # noqa: ANN401 - a number, or a table of them
    value: Any = status
    for key in place.split("."):
        value = value[key]
    return value
