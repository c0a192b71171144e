#!/usr/bin/env bash
# Installs what only the system's package manager can give; does nothing where it is there already.
#   install_system.sh python   a Python that can make virtual environments
#   install_system.sh qgis     that, and QGIS 3.40 or newer with its Python bindings
# On Debian 12 QGIS comes from the backports suite of the mirror that this machine's apt already uses.
set -euo pipefail

OLDEST_QGIS=3.40
PACKAGES_QGIS=(qgis python3-qgis qgis-providers)
PACKAGES=(python3-venv)
# Qt's offscreen platform finds no fonts of its own: without one, maps have no text.
FONTS=(fonts-dejavu-core)

say() { echo "$*" >&2; }

has_python() { /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null; }

qgis_version() { dpkg-query --show --showformat='${Version}' python3-qgis 2>/dev/null | sed 's/^[0-9]*://' || true; }

has_qgis() {
    command -v qgis_process >/dev/null || return 1
    local version; version=$(qgis_version)
    if [ -z "$version" ]; then  # not from a package: ask the program
        version=$(QT_QPA_PLATFORM=offscreen qgis_process --version 2>/dev/null | sed -n 's/^QGIS \([0-9.]*\).*/\1/p')
    fi
    at_least_oldest "$version" && has_fonts
}

has_fonts() { compgen -G '/usr/share/fonts/*/*/*' >/dev/null; }

at_least_oldest() { [ -n "$1" ] && [ "$(printf '%s\n' "$OLDEST_QGIS" "$1" | sort --version-sort | head -n 1)" = "$OLDEST_QGIS" ]; }

candidate_version() { apt-cache policy qgis | sed -n 's/^ *Candidate: \([0-9]*:\)\?\([0-9][^ ]*\).*/\2/p'; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else
        say "This needs the system administrator: $*"
        say "Run 'make setup' once as root, or have these packages installed: ${PACKAGES_QGIS[*]} ${PACKAGES[*]} ${FONTS[*]}"
        exit 1
    fi
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet "$@" >&2; }

# The backports suite beside the suite that apt is configured for, from the same mirror.
add_backports() {
    local codename suite line
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    suite="$codename-backports"
    if apt-get indextargets --format '$(RELEASE)' 'Created-By: Packages' | grep --quiet --line-regexp "$suite"; then return; fi
    line=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk -v suite="$codename" '$1 == suite && $2 == "main" { print $3; exit }')
    if [ -z "$line" ]; then
        say "apt has no QGIS $OLDEST_QGIS or newer, and no source of '$codename main' to find its backports by. Install QGIS by hand."
        exit 1
    fi
    say "Adding the suite $suite"
    {
        printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$line" "$suite"
        if [ -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
            echo 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg'
        fi
    } | as_root tee /etc/apt/sources.list.d/ctm-reanalysis-backports.sources >/dev/null
    apt update
}

need_apt() {
    if ! command -v apt-get >/dev/null; then
        say "$1 is missing, and this system has no apt-get: install it by your system's own means, then run this again."
        exit 1
    fi
}

install_python() {
    if has_python; then return; fi
    need_apt "Python with the module venv"
    say "Installing ${PACKAGES[*]}"
    apt update
    apt install --no-install-recommends "${PACKAGES[@]}"
}

install_qgis() {
    if has_qgis; then return; fi
    need_apt "QGIS $OLDEST_QGIS or newer"
    say "Installing QGIS; this takes some minutes"
    apt update
    local target=()
    if ! at_least_oldest "$(candidate_version)"; then
        add_backports
        target=(--target-release "$(. /etc/os-release && echo "$VERSION_CODENAME")-backports")
    fi
    apt install --no-install-recommends "${target[@]}" "${PACKAGES_QGIS[@]}" "${PACKAGES[@]}" "${FONTS[@]}"
    if ! has_qgis; then
        say "QGIS $OLDEST_QGIS or newer is still missing; found '$(qgis_version)'."
        exit 1
    fi
}

case "${1:-}" in
    python) install_python ;;
    qgis) install_python; install_qgis ;;
    *) say "usage: install_system.sh python|qgis"; exit 2 ;;
esac
