#!/usr/bin/env bash
# The tools that stand between a user and a working library: tools/install, which tells the loader,
# and tools/install-packages, which takes any compiler. Programs of our own stand in for the system's.
source "$(dirname "$0")/lib.sh"

tools=$SCRATCHML_SOURCE/tools
mkdir "$scratch/bin"

# stub NAME BODY
stub() {
    printf '#!/bin/sh\n%s\n' "$2" >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}

# run_install FOLDER [DESTDIR]: what was said is in $scratch/said, calls of ldconfig in $scratch/asked.
run_install() {
    : >"$scratch/asked"
    PATH=$scratch/bin:$PATH "$tools/install" "$SCRATCHML_BUILD" "$@" >"$scratch/said" 2>&1 ||
        fail "$(cat "$scratch/said")"
}
says() { [[ $(<"$scratch/said") == *"$1"* ]] || fail "'$1' is not in: $(cat "$scratch/said")"; }

# An ldconfig that looks into $scratch/known/lib*; with -N it only lists.
stub ldconfig "echo \"ldconfig \$*\" >>$scratch/asked
for lib in $scratch/known/lib*; do echo \"\$lib: (from /etc/ld.so.conf:1)\"; done"
stub id 'echo 0'

step 'root installs where the loader looks: it is told'
run_install "$scratch/known"
[[ $(tail -n 1 "$scratch/asked") == 'ldconfig ' ]] || fail "asked: $(cat "$scratch/asked")"

step 'the loader does not look there: the cure is named'
run_install "$scratch/other"
[[ $(tail -n 1 "$scratch/asked") != 'ldconfig ' ]] || fail 'ldconfig ran'
says "LD_LIBRARY_PATH=$scratch/other/lib"

step 'a package is left to its makers'
run_install /usr "$scratch/root"
[[ ! -s $scratch/asked ]] || fail 'ldconfig ran'

step 'an ldconfig that fails, and a user who is not root'
stub id 'echo 1000'
run_install "$scratch/known"
says 'run ldconfig as root'
stub id 'echo 0'
stub ldconfig "[ \"\$1\" = -v ] || exit 1; for lib in $scratch/known/lib*; do echo \"\$lib:\"; done"
run_install "$scratch/known"
says 'run ldconfig as root'

# missing COMPILER [CC]: what tools/install-packages says of a machine with this compiler alone.
missing() {
    rm -rf "${scratch:?}/bin"
    mkdir "$scratch/bin"
    for name in bash cat cut head sed sort; do ln -s "$(command -v "$name")" "$scratch/bin/$name"; done
    for name in cmake ninja make pkg-config "$1"; do stub "$name" 'exit 0'; done
    env -i PATH="$scratch/bin" ${2:+CC="$2"} bash "$tools/install-packages" build 2>&1 || true
}

step 'any compiler will do'
for compiler in cc gcc clang; do
    [[ $(missing "$compiler") == *'nothing is missing'* ]] || fail "$compiler: $(missing "$compiler")"
done
[[ $(missing gcc-12 'gcc-12 -m64') == *'nothing is missing'* ]] || fail 'CC is not taken'
[[ $(missing tcc) == *'lacks: gcc'* ]] || fail "no compiler, and it says: $(missing tcc)"
