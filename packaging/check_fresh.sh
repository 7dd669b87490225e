#!/bin/sh
# Run one ./dev command in a fresh, minimal Debian: a debootstrap chroot with an empty home and
# cache and none of the project's packages. Needs root, debootstrap and the package registries.
#
#   packaging/check_fresh.sh [SUITE] [DIRECTORY] [COMMAND...]
#
# SUITE      bookworm (default) or trixie
# DIRECTORY  where the chroot is made (default: a new folder under /var/tmp); the base system is
#            kept beside it as SUITE.tar for the next time
# COMMAND    default: ./dev notebook
#
# The checkout's HEAD is cloned into /home/student/xeus-tinycc of the chroot; out/ stays there to
# be looked at.
set -eu

suite=${1:-bookworm}
dir=${2:-$(mktemp -d /var/tmp/fresh.XXXXXX)}
[ $# -lt 1 ] || shift
[ $# -lt 1 ] || shift
[ $# -gt 0 ] || set -- ./dev notebook

top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$top/packaging/chroot.sh"
make_chroot "$suite" "$dir"
mkdir -p "$root/home/student"
git clone -q "$top" "$root/home/student/xeus-tinycc"
echo "== $suite: $* (packages installed before: $(chroot "$root" dpkg-query -W | wc -l))"
start=$(date +%s)
status=0
in_chroot /home/student sh -c 'cd xeus-tinycc && exec "$@"' sh "$@" || status=$?
echo "== exit status $status after $(($(date +%s) - start)) s; results in $root/home/student/xeus-tinycc/out"
exit $status
