#!/bin/sh
# Compile every public header alone, twice in one file, without a warning:
#     check.sh INCLUDE_DIR COMPILER FLAGS...
# Prints the compiler's messages for those that do not stand alone, and then exits with 1.
set -u
include=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $1 in *++*) suffix=cpp ;; *) suffix=c ;; esac
failed=0
count=0
for header in $(cd "$include" && find . -name '*.h' | sed 's,^\./,,' | sort); do
    printf '#include "%s"\n#include "%s"\nint nothing_else;\n' "$header" "$header" \
        >"$work/alone.$suffix"
    count=$((count + 1))
    if ! "$@" -I "$include" -c "$work/alone.$suffix" -o "$work/alone.o"; then
        printf '%s does not compile alone\n' "$header"
        failed=1
    fi
done
printf '%d headers\n' "$count"
[ "$count" -gt 0 ] && exit $failed
exit 1
