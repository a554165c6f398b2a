"""The modem's byte stream: whatever comes, cut wherever, means the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.lines.modem_codec import Audio, Code, Decoder, StreamEnded, TextLine, shield

if TYPE_CHECKING:
    from ivrbox.lines.modem_codec import Item

PIECES = st.one_of(
    st.sampled_from(
        [b"\r\nCONNECT\r\n", b"\r\nOK\r\n", b"\x10\x03", b"\x10", b"\x10\x10", b"\x10\x1a", b"\x10X", b"\x10."]
    ),
    st.sampled_from([b"\x10/", b"\x10~", b"\x10\x7f", b"\x105", b"RING\r\n", b"\r", b"\n"]),
    st.binary(max_size=12),
)
STREAMS = st.lists(PIECES, max_size=20).map(b"".join)
RECORDING = b"\r\nCONNECT\r\n"


def _decoded(*pieces: bytes, brings_audio: bool = True) -> list[Item]:
    """All items of these pieces, sound that stands together joined."""
    decoder = Decoder()
    decoder.expects_audio = brings_audio
    items: list[Item] = []
    for item in (item for piece in pieces for item in decoder.feed(piece)):
        last = items[-1] if items else None
        if isinstance(item, Audio) and isinstance(last, Audio):
            items[-1] = Audio(last.data + item.data)
        else:
            items.append(item)
    return items


@settings(max_examples=150, deadline=None)
@given(STREAMS, st.booleans(), st.data())
def test_no_cut_changes_what_is_read(stream: bytes, brings_audio: bool, data: st.DataObject) -> None:  # noqa: FBT001
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert _decoded(*pieces, brings_audio=brings_audio) == _decoded(stream, brings_audio=brings_audio)


@settings(max_examples=60, deadline=None)
@given(STREAMS)
def test_every_byte_alone_is_read_as_the_whole(stream: bytes) -> None:
    assert _decoded(*(bytes([byte]) for byte in stream)) == _decoded(stream)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_shielded_sound_comes_out_as_it_went_in(sound: bytes) -> None:
    expected = [TextLine("CONNECT"), *([Audio(sound)] if sound else []), StreamEnded(), TextLine("OK")]
    assert _decoded(RECORDING + shield(sound) + b"\x10\x03\r\nOK\r\n") == expected


def test_sub_is_two_samples_and_a_report_is_none() -> None:
    items = _decoded(RECORDING + b"a\x10\x1ab\x105c\x10\x10d")
    assert items == [TextLine("CONNECT"), Audio(b"a\x10\x10b"), Code("5"), Audio(b"c\x10d")]


def test_a_pair_over_two_reads_shields_nothing_else() -> None:
    assert _decoded(RECORDING + b"ab\x10", b"3cd") == [TextLine("CONNECT"), Audio(b"ab"), Code("3"), Audio(b"cd")]


def test_both_spellings_of_the_end_of_a_key_are_one() -> None:
    assert _decoded(b"\x10/\x101\x10~\x10/\x102\x10\x7f") == [Code(c) for c in "/1~/2~"]


def test_text_after_the_end_of_a_stream_is_text_again() -> None:
    items = _decoded(RECORDING + b"CONNECT\r\n\x10\x03\r\nOK\r\nRING\r\n")
    assert items == [TextLine("CONNECT"), Audio(b"CONNECT\r\n"), StreamEnded(), TextLine("OK"), TextLine("RING")]


def test_a_connect_that_brings_no_sound_leaves_text() -> None:
    assert _decoded(b"\r\nCONNECT\r\n\x10u\r\nOK\r\n", brings_audio=False) == [
        TextLine("CONNECT"),
        Code("u"),
        TextLine("OK"),
    ]


def test_a_complex_report_amid_sound_is_text_and_no_sample() -> None:
    items = _decoded(RECORDING + b"ab\x10XNMBR=0123\r\n\x10.cd")
    assert items == [TextLine("CONNECT"), Audio(b"ab"), TextLine("NMBR=0123"), Audio(b"cd")]


def test_sound_where_text_is_due_makes_no_endless_line() -> None:
    decoder = Decoder()
    decoder.feed(b"\x80" * 1_000_000)
    assert decoder.feed(b"\r\nOK\r\n")[-1] == TextLine("OK")
    assert len(decoder._line) == 0


def test_a_reset_turns_sound_into_text() -> None:
    decoder = Decoder()
    decoder.expects_audio = True
    decoder.feed(RECORDING + b"abc\x10")
    decoder.to_text()
    assert decoder.feed(b"OK\r\n") == [TextLine("OK")]
