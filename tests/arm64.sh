#!/bin/sh
# The test suite in an arm64 Debian under qemu-user. By hand, as root: sudo tests/arm64.sh [RELEASE [PYTEST ARGS]]
# Takes twenty minutes to forty, since every instruction is emulated. What the last commit holds is tested, in
# /var/tmp/ivrbox-arm64-*.
set -eu

# Tests of what this emulator does not do, with the reason: deselected, and told.
BEYOND_THE_EMULATOR='
tests/sound
    in real time, which an emulator is not
tests/appliance/test_functions.py::test_memory_without_end_is_the_functions_failure
    the emulator keeps the limit of address space from its guest, lest it hit itself
tests/power/test_process.py::test_after_a_discard_the_process_holds_nothing_of_the_call_and_no_key
    the registers of the guest are memory of the emulator, which the test searches too
tests/recordings/test_memory.py::test_memory_is_locked_and_kept_from_dumps_and_children
    MADV_DONTDUMP and MADV_DONTFORK are not passed on to the kernel
tests/recordings/test_memory.py::test_memory_that_need_not_be_locked_is_not
    smaps is made up by the emulator, without flags
tests/recordings/test_memory.py::test_a_limit_too_small_for_the_room_is_reported_and_the_key_is_locked_all_the_same
    there is no mlock2
'

release=${1:-bookworm}
[ $# = 0 ] || shift
root=$(dirname "$(dirname "$(readlink -f "$0")")")
where=${IVRBOX_ARM64_ROOT:-/var/tmp/ivrbox-arm64-$release}

say() {
    printf 'arm64: %s\n' "$*" >&2
}

[ "$(id -u)" = 0 ] || { say 'I make a root file system, so I must be root'; exit 2; }
for program in debootstrap qemu-aarch64-static; do
    command -v "$program" >/dev/null && continue
    say "no $program here: apt-get install debootstrap qemu-user-static binfmt-support"
    exit 2
done

# The kernel must know what to do with an arm64 program.
formats=/proc/sys/fs/binfmt_misc
[ -e $formats/register ] || mount -t binfmt_misc binfmt_misc $formats
[ -e $formats/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64

if [ ! -e "$where/etc/ivrbox-arm64" ]; then
    say "making an arm64 $release in $where"
    # The mirror that this machine uses itself; where apt names none, debootstrap has one of its own.
    # shellcheck disable=SC2016  # apt's own variable
    mirror=$(apt-get indextargets --format '$(SITE)' 'Identifier: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    # shellcheck disable=SC2086  # a word, or none
    debootstrap --arch=arm64 --variant=minbase --include=ca-certificates,python3-venv "$release" "$where" $mirror
    touch "$where/etc/ivrbox-arm64"
fi

# The environment stays: it is what takes longest, and box knows when it no longer suits.
mkdir -p "$where/ivrbox"
find "$where/ivrbox" -mindepth 1 -maxdepth 1 ! -name .venv -exec rm -rf {} +
git -C "$root" archive HEAD | tar -x -C "$where/ivrbox"
cp /etc/resolv.conf "$where/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$where/etc/ssl/certs/ca-certificates.crt" # trusts whom this machine trusts
# Slaves: what is unmounted there at the end stays mounted here.
bind() {
    mountpoint -q "$where$1" && return
    mount --rbind "$1" "$where$1"
    mount --make-rslave "$where$1"
}
bind /proc
bind /dev
bind /sys
trap 'umount --recursive --lazy "$where/proc" "$where/dev" "$where/sys"' EXIT

[ $# -gt 0 ] || set -- -q -ra -p no:cacheprovider --hypothesis-profile=emulated
say 'left out, since the emulator, not the box, would fail:'
printf '%s' "$BEYOND_THE_EMULATOR" >&2
for word in $(printf '%s' "$BEYOND_THE_EMULATOR" | grep ^tests/); do
    set -- "$@" "--deselect=$word"
done
say "testing $(git -C "$root" rev-parse --short HEAD) on $(chroot "$where" uname -m)"
chroot "$where" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt QEMU_CPU=cortex-a72 /ivrbox/box test "$@" # the default CPU is slower yet
