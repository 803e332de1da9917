#!/usr/bin/env bash
# tools/install-packages on machines that we imagine: PATH holds only what a case puts there, and
# apt-get is ours and writes down what it is asked for.
source "$(dirname "$0")/lib.sh"

# machine COMMAND…: PATH with the tools that the script itself needs, and these as stubs.
machine() {
    local name
    rm -rf "${scratch:?}"/*
    mkdir "$scratch/bin"
    for name in bash cat cut env grep head id sed sort; do
        ln -s "$(command -v "$name")" "$scratch/bin/$name"
    done
    for name in "$@"; do stub "$name" 'exit 0'; done
}

# stub NAME BODY
stub() {
    printf '#!/bin/sh\n%s\n' "$2" >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}

# with_apt BODY: an apt that knows every package; BODY is what happens on install.
with_apt() {
    stub apt-cache 'echo "Package: $2"'
    stub apt-get "echo \"\$@\" >>$scratch/asked; case \"\$*\" in *\" install \"*) $1;; esac"
    stub sudo 'exec "$@"'
}

packages() { env -i PATH="$scratch/bin" bash "$tools/install-packages" "$@"; }
asked() { cat "$scratch/asked" 2>/dev/null || true; }

# Nothing missing: no apt-get, one line.
machine npm
with_apt 'exit 0'
is_equal 'npm is enough' "$(packages data 2>&1)" 'packages: nothing is missing for: data'
is_equal 'nothing asked of apt' "$(asked)" ''

# Neither npm nor curl: curl, as the smaller one.
machine
with_apt "ln -s /bin/true $scratch/bin/curl"
passes 'curl is installed' packages data
[[ $(asked) == *' install --no-install-recommends curl ca-certificates'* ]] ||
    is_equal 'what apt was asked for' "$(asked)" '… curl ca-certificates'

# No network: data is not compulsory, build is; the text names the package.
machine
with_apt 'exit 1'
passes 'data goes on without' packages data
fails_with 'libjansson-dev' 'build needs its libraries' packages build

# Another system: a list, and on if it is there.
machine
fails_with "Debian's names" 'no apt, nothing there' packages build
machine curl
passes 'no apt, all there' packages data

# Version numbers in package names follow the clang that is here.
machine clang
stub clang '[ "$1" = -dumpversion ] && echo 19.1.7; exit 0'
with_apt 'exit 1'
fails_with 'libomp-19-dev' 'names for clang 19' packages test
fails_with 'unknown group' 'a mistyped group' packages biuld
finish
