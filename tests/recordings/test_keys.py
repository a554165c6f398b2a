from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivrbox.errors import SealError
from ivrbox.recordings import key_ring
from ivrbox.recordings.keys import make_identity, make_operator_pair, parse_recipients, read_identities

if TYPE_CHECKING:
    from pathlib import Path


def test_the_first_run_makes_a_pair_and_says_what_to_do_with_it(tmp_path: Path) -> None:
    first = key_ring(tmp_path)
    assert first.made == tmp_path / "identity.txt"
    assert first.made.stat().st_mode & 0o777 == 0o600
    assert f"Move {first.made} to a safe place off this box" in first.hint
    assert [str(key.to_public()) for key in read_identities(first.made)] == list(first.recipients)


def test_a_later_run_needs_the_recipient_only(tmp_path: Path) -> None:
    first = key_ring(tmp_path)
    (tmp_path / "identity.txt").rename(tmp_path / "moved off the box")
    later = key_ring(tmp_path)
    assert later.recipients == first.recipients
    assert (later.made, later.hint) == (None, "")
    assert not (tmp_path / "identity.txt").exists()


def test_recipients_of_the_settings_need_no_pair_here(tmp_path: Path) -> None:
    recipient = make_identity(tmp_path / "elsewhere.txt")
    ring = key_ring(tmp_path / "keys", [recipient])
    assert ring.recipients == (recipient,)
    assert not (tmp_path / "keys").exists()


def test_local_playback_adds_the_box_as_a_second_recipient(tmp_path: Path) -> None:
    ring = key_ring(tmp_path, local_playback=True)
    again = key_ring(tmp_path, local_playback=True)
    assert len(set(ring.recipients)) == 2
    assert again.recipients == ring.recipients
    box = read_identities(tmp_path / "box-identity.txt")
    assert str(box[0].to_public()) == ring.recipients[1]


def test_a_second_pair_does_not_replace_the_first(tmp_path: Path) -> None:
    make_operator_pair(tmp_path, tmp_path / "identity.txt")
    with pytest.raises(SealError, match="is there already"):
        make_operator_pair(tmp_path, tmp_path / "another.txt")
    assert not (tmp_path / "another.txt").exists()
    with pytest.raises(SealError, match="File exists"):
        make_identity(tmp_path / "identity.txt")


def test_a_recipient_that_is_none_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(SealError, match=r"recipient 'age1oops'.*must be an age X25519 recipient"):
        key_ring(tmp_path, ["age1oops"])
    with pytest.raises(SealError, match="ssh-ed25519"):
        parse_recipients(["ssh-ed25519 AAAA"])


@pytest.mark.parametrize("content", ["", "# only a comment\n", "not a key\n", "AGE-SECRET-KEY-1OOPS\n"])
def test_an_identity_file_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "id.txt"
    path.write_text(content, "utf-8")
    with pytest.raises(SealError, match=r"id\.txt: .*must be an age identity file"):
        read_identities(path)


def test_an_identity_file_that_is_missing_or_binary_is_named(tmp_path: Path) -> None:
    with pytest.raises(SealError, match="No such file"):
        read_identities(tmp_path / "none.txt")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(SealError, match=r"binary: .*can't decode"):
        read_identities(tmp_path / "binary")


def test_a_recipient_file_without_a_recipient_is_named(tmp_path: Path) -> None:
    (tmp_path / "recipient.txt").write_text("# moved\n", "utf-8")
    with pytest.raises(SealError, match=r"recipient\.txt: names no recipient"):
        key_ring(tmp_path)
