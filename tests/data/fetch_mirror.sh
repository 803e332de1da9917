#!/usr/bin/env bash
# `scratchml data fetch mnist` by curl from a mirror: a server of our own on this machine.
# $SCRATCHML_TEST_MNIST: a folder with MNIST's four files, unpacked. Without it nothing can pass the
# checksums, and the test is skipped.
set -euo pipefail

skip() {
    echo "skipped: $*"
    exit 77
}
python=/usr/bin/python3
[ -n "${SCRATCHML_TEST_MNIST:-}" ] || skip 'SCRATCHML_TEST_MNIST is not set'
[ -x "${SCRATCHML:-}" ] || skip 'SCRATCHML names no program'
[ -x "$python" ] || skip "no $python"
curl=$(command -v curl) || skip 'no curl'

files='train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte'
scratch=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$scratch"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*"
    cat "$scratch/said" 2>/dev/null
    exit 1
}

mkdir "$scratch/www" "$scratch/bin"
ln -s "$curl" "$scratch/bin/curl"
for file in $files; do gzip -1 -c "$SCRATCHML_TEST_MNIST/$file" >"$scratch/www/$file.gz"; done

# Port 0: the system picks a free one, and the server says which.
$python -u -m http.server --bind 127.0.0.1 --directory "$scratch/www" 0 \
    >"$scratch/served" 2>/dev/null &
server=$!
port=
for _ in $(seq 100); do
    port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$scratch/served")
    [ -z "$port" ] || break
    sleep 0.1
done
[ -n "$port" ] || fail 'the server does not start'

# fetch FOLDER: with curl and without npm on PATH.
fetch() {
    PATH=$scratch/bin NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 \
        SCRATCHML_MNIST_MIRROR=http://127.0.0.1:$port \
        "$SCRATCHML" data fetch mnist --data-dir "$1" >"$1.said" 2>&1
}

# whole FOLDER: the set is there, every byte of it, and nothing beside it.
whole() {
    [ "$(ls -A "$1")" = mnist ] || fail "beside the set: $(ls -A "$1")"
    for file in $files; do
        cmp "$SCRATCHML_TEST_MNIST/$file" "$1/mnist/$file" || fail "$file differs"
    done
}

# refused FOLDER TEXT: the fetch fails, says TEXT, and leaves the folder empty.
refused() {
    if fetch "$1"; then fail "$1: was accepted"; fi
    cp "$1.said" "$scratch/said"
    grep -q -- "$2" "$1.said" || fail "the message lacks '$2'"
    grep -q 'npm: not installed' "$1.said" || fail 'the message does not tell about npm'
    [ -z "$(ls -A "$1")" ] || fail "left behind: $(ls -A "$1")"
}

echo '-- a good mirror'
fetch "$scratch/good" || fail "$(cat "$scratch/good.said")"
whole "$scratch/good"

# A library before the C library writes down what is synced. A sanitizer stands there itself.
if [ -z "${SCRATCHML_SANITIZE:-}" ] && cc=$(command -v cc || command -v gcc || command -v clang); then
    echo '-- files and folders are synced, the data folder last'
    "$cc" -shared -fPIC -x c - -o "$scratch/sync.so" <<'C'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>
int fsync(int fd)
{
    char link[32], path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    FILE *log = fopen(getenv("SYNC_LOG"), "a");
    if (readlink(link, path, sizeof path - 1) > 0 && log != NULL) fprintf(log, "%s\n", path);
    if (log != NULL) fclose(log);
    return (int)syscall(SYS_fsync, fd);
}
C
    LD_PRELOAD=$scratch/sync.so SYNC_LOG=$scratch/synced fetch "$scratch/safe" ||
        fail "$(cat "$scratch/safe.said")"
    for file in $files; do
        [ "$(grep -c "/mnist/$file.*tmp$" "$scratch/synced")" = 1 ] || fail "$file is not synced"
    done
    [ "$(grep -c '/mnist$' "$scratch/synced")" = 4 ] || fail 'the folder of the set is not synced'
    [ "$(tail -n 1 "$scratch/synced")" = "$scratch/safe" ] || fail 'the data folder is not synced'
fi

echo '-- two fetches at once'
fetch "$scratch/twice" &
other=$!
fetch "$scratch/twice" || fail "$(cat "$scratch/twice.said")"
wait "$other" || fail "the other one: $(cat "$scratch/twice.said")"
whole "$scratch/twice"

echo '-- a changed byte'
cp "$scratch/www/t10k-labels-idx1-ubyte.gz" "$scratch/kept.gz"
$python - "$SCRATCHML_TEST_MNIST/t10k-labels-idx1-ubyte" \
    "$scratch/www/t10k-labels-idx1-ubyte.gz" <<'PYTHON'
import gzip, sys
with open(sys.argv[1], "rb") as f:
    content = bytearray(f.read())
content[5000] ^= 1
with gzip.open(sys.argv[2], "wb") as f:
    f.write(content)
PYTHON
refused "$scratch/changed" 'SHA-256'

echo '-- a truncated file'
head -c 2000 "$scratch/kept.gz" >"$scratch/www/t10k-labels-idx1-ubyte.gz"
refused "$scratch/cut" 'truncated'

echo '-- a missing file'
rm "$scratch/www/t10k-labels-idx1-ubyte.gz"
refused "$scratch/missing" '404'

kill "$server"
wait "$server" 2>/dev/null || true
server=

echo '-- no server'
refused "$scratch/alone" 'exit code 7'

echo '-- what is there needs no server'
fetch "$scratch/good" || fail "$(cat "$scratch/good.said")"

echo '-- a damaged set in place is named, and stays'
printf 'x' >>"$scratch/good/mnist/t10k-labels-idx1-ubyte"
if fetch "$scratch/good"; then fail 'a damaged set passes'; fi
cp "$scratch/good.said" "$scratch/said"
grep -q 'good/mnist/t10k-labels-idx1-ubyte' "$scratch/said" || fail 'the file is not named'
grep -q 'remove ' "$scratch/said" || fail 'the cure is not named'
echo passed
