# Sourced by the checks that run in a fresh, minimal Debian. Needs root and debootstrap.

# make_chroot SUITE DIRECTORY: DIRECTORY/SUITE becomes a fresh base system, mounts included; $root
# names it. The base system is kept as DIRECTORY/SUITE.tar for the next time. The host's
# certificate bundle, resolver and proxy settings are lent to the chroot; $bundle names the former.
make_chroot() {
    suite=$1 dir=$2
    root=$dir/$suite
    [ "$(id -u)" = 0 ] || { echo "$0: must run as root" >&2; exit 1; }
    mkdir -p "$dir"
    if [ ! -f "$dir/$suite.tar" ]; then
        command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >/dev/null
        debootstrap --variant=minbase "$suite" "$dir/base" >"$dir/debootstrap.log"
        tar -C "$dir/base" -cf "$dir/$suite.tar" .
        rm -rf "$dir/base"
    fi
    rm -rf "$root"
    mkdir -p "$root"
    tar -C "$root" -xf "$dir/$suite.tar"

    trap unmount EXIT INT TERM
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys" || true
    # Its own device nodes, which debootstrap made: what happens in there leaves the host's alone.
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    mount -t tmpfs tmpfs "$root/dev/shm"

    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    cp -L /etc/hosts "$root/etc/hosts"
    bundle=/usr/local/share/lent-ca.crt
    mkdir -p "$root/usr/local/share"
    [ ! -f /etc/ssl/certs/ca-certificates.crt ] ||
        cp -L /etc/ssl/certs/ca-certificates.crt "$root$bundle"
    for file in /etc/apt/apt.conf.d/*proxy*; do
        [ ! -f "$file" ] || cp "$file" "$root/etc/apt/apt.conf.d/"
    done
}

unmount() {
    for m in dev/shm dev/pts proc sys; do umount "$root/$m" 2>/dev/null || true; done
}

# in_chroot HOME COMMAND...: with a clean environment, in the folder HOME.
in_chroot() {
    home=$1
    shift
    chroot "$root" /usr/bin/env -i HOME="$home" LANG=C.UTF-8 TERM=dumb \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        PIP_CERT=$bundle NODE_EXTRA_CA_CERTS=$bundle npm_config_cafile=$bundle \
        SSL_CERT_FILE=$bundle GIT_SSL_CAINFO=$bundle ${CI:+CI=$CI} \
        sh -c 'cd "$HOME" && exec "$@"' sh "$@"
}
