#!/usr/bin/env bash
# What the README shows works as it stands: its program compiles and runs, its commands too.
source "$(dirname "$0")/../package/lib.sh"
readme=$SCRATCHML_SOURCE/README.md

# block LANGUAGE: the first fenced block of that language.
block() {
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$readme" | sed '1d;/^```$/,$d'
}

step 'the program in twenty lines'
block c >"$scratch/digits.c"
[[ -s $scratch/digits.c ]] || fail 'the README shows no C program'
DESTDIR=$scratch/root cmake --install "$SCRATCHML_BUILD" --prefix /usr >"$scratch/log" ||
    fail "$(cat "$scratch/log")"
pc=$(find "$scratch/root" -name scratchml.pc)
export PKG_CONFIG_PATH=${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
LD_LIBRARY_PATH=$(dirname "$(find "$scratch/root" -name libscratchml.so)")
export LD_LIBRARY_PATH
export OMP_WAIT_POLICY=passive
read -r -a flags <<<"$(pkg-config --cflags --libs scratchml)"
gcc -Wall -Wextra -Werror "$scratch/digits.c" -o "$scratch/digits" "${flags[@]}"
write_digits "$scratch/data/mnist"
said=$(cd "$scratch" && SCRATCHML_DATA=$scratch/data ./digits) || fail "$said"
[[ $said == 'test accuracy 100.00%' ]] || fail "digits says: $said"

step 'the commands'
mkdir -p "$scratch/build"
ln -s "$SCRATCHML_BUILD/scratchml" "$scratch/build/scratchml"
commands=$(block console | sed -n 's/^\$ //p')
[[ $(wc -l <<<"$commands") -ge 5 ]] || fail 'the README shows no commands'
while IFS= read -r command; do
    echo "$command"
    (cd "$scratch" && eval "$command") >"$scratch/out" 2>&1 || fail "$command: $(cat "$scratch/out")"
    [[ -s $scratch/out ]] || fail "$command says nothing"
done <<<"$commands"

step 'the files that it names'
while IFS= read -r path; do
    [[ -e $SCRATCHML_SOURCE/$path ]] || fail "README.md names $path, which is not there"
done < <(grep -oE '\]\([a-zA-Z][^)#]+\)' "$readme" | tr -d ']()' | grep -v -e '^https:' -e '^self')
