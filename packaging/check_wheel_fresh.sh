#!/bin/sh
# Check a wheel where its users are: a fresh, minimal Debian with python3 and pip, without compiler
# and C headers, as a user who is not root. Needs root, debootstrap and the package registries.
#
#   packaging/check_wheel_fresh.sh WHEEL [SUITE] [DIRECTORY]
#
# SUITE, DIRECTORY   as in check_fresh.sh
#
# MNIST comes from this machine's data cache, as a folder that the user cannot write. After the
# installation the network is taken away.
set -eu

wheel=$(readlink -f "$1")
suite=${2:-bookworm}
dir=${3:-$(mktemp -d /var/tmp/fresh.XXXXXX)}

top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
data=$(sh "$top/packaging/fetch_mnist.sh" | sed 's/^MNIST: //')
. "$top/packaging/chroot.sh"
make_chroot "$suite" "$dir"
chroot "$root" sh -c 'apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv &&
    useradd --create-home student' >"$dir/$suite.log" 2>&1
for file in usr/bin/cc usr/bin/gcc usr/bin/tcc usr/bin/clang usr/include/stdio.h; do
    [ ! -e "$root/$file" ] || { echo "check_wheel_fresh.sh: /$file is there" >&2; exit 1; }
done

# What a grader has: the wheel, the notebook, the tests; the data below /input, read-only. What a
# user of Kaggle has: data sets with MNIST and the wheel below /kaggle/input.
home=$root/home/student
kaggle=$root/kaggle/input
mkdir -p "$root/input" "$home/check" "$kaggle/mnist-dataset" "$kaggle/c-kernel" "$root/kaggle/working"
cp "$data"/*-ubyte "$root/input/"
cp "$data"/*-ubyte "$kaggle/mnist-dataset/"
cp "$wheel" "$kaggle/c-kernel/"
chroot "$root" chown student /kaggle/working
cp "$wheel" "$home/"
cp -r "$top/tests" "$top/packaging" "$top/notebooks" "$top/pyproject.toml" "$top/CMakeLists.txt" \
    "$home/check/"
chroot "$root" chown -R student /home/student

as_student() { in_chroot /home/student setpriv --reuid=student --regid=student --clear-groups "$@"; }

# Without network: loopback alone, which Jupyter's sockets use.
offline() {
    unshare --net sh -c 'ip link set lo up; shift; . "$0"; root=$1 bundle=$2; shift 2
        in_chroot /home/student setpriv --reuid=student --regid=student --clear-groups "$@"' \
        "$top/packaging/chroot.sh" - "$root" "$bundle" "$@"
}

inside=check/packaging/check_wheel_inside.sh
as_student sh "$inside" install
offline sh "$inside" run
as_student sh "$inside" older
offline sh "$inside" run_older
as_student sh "$inside" remove
echo "check_wheel_fresh.sh: $suite passed; the executed notebook is in $home/out"
