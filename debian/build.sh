# Sourced by ./box deb: makes a Debian package for the release and architecture of this machine.
#
# Python libraries come from Debian where this release has them new enough; the others go into the package, under
# /usr/lib/ivrbox, where only ivrbox sees them. pip decides which: in an environment that sees Debian's own, it installs
# what is missing. /usr/share/doc/ivrbox/vendored.txt lists them.
# shellcheck shell=sh
# shellcheck disable=SC2154  # root, python, and the functions are those of box

# Debian's packages of what pyproject.toml asks for, as far as a release has them.
LIBRARIES='python3-click python3-numpy python3-pydantic python3-rich python3-soxr python3-tomli
    python3-pyaudio python3-serial python3-gpiozero python3-evdev'

# vendor INTO : ivrbox, and the libraries that this release does not have, in one folder.
vendor() {
    rm -rf "$build"
    "$python" -m venv --system-site-packages "$build/venv" || stop 'no environment could be made'
    mkdir "$build/source"
    cp -R "$root/pyproject.toml" "$root/README.md" "$root/LICENSE" "$root/ivrbox" "$build/source"
    install_with_pip "$build/venv" "$build/source$INSTALLED_EXTRAS"
    "$build/venv/bin/python" -m pip install --quiet --only-binary :all: 'lgpio>=0.2.2' 2>/dev/null ||
        say 'no wheel of lgpio for this Python: pins need python3-lgpio, which Raspberry Pi OS has'
    "$build/venv/bin/python" "$root/debian/dependencies.py" "$INSTALLED_EXTRAS" "$build"
    mkdir -p "$1"
    cp -R "$build"/venv/lib/python3*/site-packages/. "$1"
    rm -rf "$1"/pip "$1"/pip-* "$1"/setuptools* "$1"/pkg_resources "$1"/_distutils_hack "$1"/distutils-precedence.pth
    find "$1" -name __pycache__ -prune -exec rm -rf {} +
}

# put MODE FILE TARGET : one file into the package.
put() {
    install -D -m "$1" "$2" "$tree$3"
}

lay_out() {
    printf '#!/bin/sh\nPYTHONPATH=/usr/lib/ivrbox exec /usr/bin/python3 -m ivrbox "$@"\n' >"$build/ivrbox"
    put 755 "$build/ivrbox" /usr/bin/ivrbox
    mkdir -p "$tree/etc/ivrbox" "$tree/usr/share/ivrbox" "$tree/usr/lib/systemd/system"
    cp -R "$root/config/." "$tree/etc/ivrbox"
    find "$tree/etc/ivrbox" -name '.*' -type f -delete
    cp -R "$root/hw/modems" "$tree/usr/share/ivrbox/modems"
    for unit in $UNITS; do
        sed 's|/usr/local/bin/ivrbox|/usr/bin/ivrbox|' "$root/systemd/$unit" >"$tree/usr/lib/systemd/system/$unit"
    done
    for rules in "$root"/hw/udev/*.rules; do
        put 644 "$rules" "/usr/lib/udev/rules.d/${rules##*/}"
    done
    put 644 "$root/systemd/ivrbox.sysusers" /usr/lib/sysusers.d/ivrbox.conf
    put 644 "$root/systemd/ivrbox.polkit.rules" /usr/share/polkit-1/rules.d/50-ivrbox.rules
    put 644 "$root/docs/ivrbox.1" /usr/share/man/man1/ivrbox.1
    put 644 "$root/LICENSE" /usr/share/doc/ivrbox/copyright
    put 644 "$root/CHANGELOG.md" /usr/share/doc/ivrbox/changelog
    put 644 "$build/vendored.txt" /usr/share/doc/ivrbox/vendored.txt
    gzip -9n "$tree/usr/share/man/man1/ivrbox.1" "$tree/usr/share/doc/ivrbox/changelog"
    chmod -R u=rwX,go=rX "$tree"
}

# DEBIAN/ : what dpkg is told.
describe() {
    mkdir "$tree/DEBIAN"
    size=$(du -sk "$tree" | cut -f 1)
    depends=$(cat "$build/depends.txt")
    sed -e "s#@VERSION@#$release#" -e "s#@ARCHITECTURE@#$architecture#" -e "s#@SIZE@#$size#" \
        -e "s#@DEPENDS@#$depends#" "$root/debian/control.in" >"$tree/DEBIAN/control"
    (cd "$tree" && find etc -type f | sed 's|^|/|' | sort) >"$tree/DEBIAN/conffiles"
    for script in postinst prerm postrm; do
        install -m 755 "$root/debian/$script" "$tree/DEBIAN/$script"
    done
}

build_package() {
    need "$VENV $COMPILED" "$LIBRARIES"
    find_python
    build=$root/build/deb tree=$root/build/deb/tree
    say 'collecting the program and the libraries that this release does not have'
    vendor "$tree/usr/lib/ivrbox"
    # shellcheck source=/dev/null
    release=$("$build/venv/bin/python" -c 'import ivrbox; print(ivrbox.__version__)')~deb$(. /etc/os-release && echo "${VERSION_ID:-sid}")
    architecture=$(dpkg --print-architecture)
    lay_out
    describe
    mkdir -p "$root/dist"
    package=$root/dist/ivrbox_${release}_$architecture.deb
    dpkg-deb --root-owner-group -Zxz -z2 --build "$tree" "$package" >/dev/null || stop 'dpkg-deb failed'
    rm -rf "$build"
    say "made $package; to install it: sudo apt-get install $package"
}
