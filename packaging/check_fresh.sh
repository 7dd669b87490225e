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
# be looked at. The host's certificate bundle and resolver are lent to the chroot.
set -eu

suite=${1:-bookworm}
dir=${2:-$(mktemp -d /var/tmp/fresh.XXXXXX)}
[ $# -lt 1 ] || shift
[ $# -lt 1 ] || shift
[ $# -gt 0 ] || set -- ./dev notebook

top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
root=$dir/$suite
base=$dir/$suite.tar

[ "$(id -u)" = 0 ] || { echo "check_fresh.sh: must run as root" >&2; exit 1; }
mkdir -p "$dir"
if [ ! -f "$base" ]; then
    command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >/dev/null
    debootstrap --variant=minbase "$suite" "$dir/base" >"$dir/debootstrap.log"
    tar -C "$dir/base" -cf "$base" .
    rm -rf "$dir/base"
fi
rm -rf "$root"
mkdir -p "$root"
tar -C "$root" -xf "$base"

unmount() {
    for m in dev/shm dev/pts dev proc sys; do umount "$root/$m" 2>/dev/null || true; done
}
trap unmount EXIT INT TERM
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys" || true
mount --bind /dev "$root/dev"
mount -t devpts devpts "$root/dev/pts" 2>/dev/null || true
mount -t tmpfs tmpfs "$root/dev/shm" 2>/dev/null || true

cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/hosts "$root/etc/hosts"
bundle=/usr/local/share/lent-ca.crt
mkdir -p "$root/usr/local/share" "$root/home/student"
[ ! -f /etc/ssl/certs/ca-certificates.crt ] ||
    cp -L /etc/ssl/certs/ca-certificates.crt "$root$bundle"
for file in /etc/apt/apt.conf.d/*proxy*; do
    [ ! -f "$file" ] || cp "$file" "$root/etc/apt/apt.conf.d/"
done

git clone -q "$top" "$root/home/student/xeus-tinycc"
echo "== $suite: $* (packages installed before: $(chroot "$root" dpkg-query -W | wc -l))"
start=$(date +%s)
status=0
chroot "$root" /usr/bin/env -i HOME=/home/student LANG=C.UTF-8 TERM=dumb \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PIP_CERT=$bundle NODE_EXTRA_CA_CERTS=$bundle npm_config_cafile=$bundle \
    SSL_CERT_FILE=$bundle GIT_SSL_CAINFO=$bundle ${CI:+CI=$CI} \
    sh -c 'cd /home/student/xeus-tinycc && exec "$@"' sh "$@" || status=$?
echo "== exit status $status after $(($(date +%s) - start)) s; results in $root/home/student/xeus-tinycc/out"
exit $status
