#!/usr/bin/env bash
# What a packager and a user of the library do: install into DESTDIR, build the examples against
# the installed tree in every way that is promised, and run them.
source "$(dirname "$0")/lib.sh"

step 'install with DESTDIR'
DESTDIR=$scratch/root cmake --install "$SCRATCHML_BUILD" --prefix /usr >"$scratch/log" ||
    fail "$(cat "$scratch/log")"
prefix=$scratch/root/usr
pc=$(find "$prefix" -name scratchml.pc)
[[ -n $pc ]] || fail 'scratchml.pc is not installed'
libdir=$(dirname "$(find "$prefix" -name 'libscratchml.a')")
[[ -x $prefix/bin/scratchml ]] || fail 'the program is not installed'
[[ $("$prefix/bin/scratchml" --version) == *"$(pkg-config --modversion "$pc")"* ]] ||
    fail 'the program and scratchml.pc do not agree on the version'
if grep -rl -e "$SCRATCHML_SOURCE" -e "$SCRATCHML_BUILD" --include='*.cmake' --include='*.pc' \
    "$prefix"; then
    fail 'the files above name the build folder'
fi

export PKG_CONFIG_PATH=${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export OMP_WAIT_POLICY=passive
flags=(-Wall -Wextra -Werror -pedantic -O1)
examples=$SCRATCHML_SOURCE/examples
fetched=${SCRATCHML_DATA:-${XDG_CACHE_HOME:-$HOME/.cache}/scratchml}
export SCRATCHML_DATA=$scratch/data
write_digits "$SCRATCHML_DATA/mnist"

# run_examples DIR: what DIR/train_mnist learns, DIR/predict_mnist must know.
run_examples() {
    local said
    said=$(cd "$1" && ./train_mnist && ./predict_mnist) || fail "$1: $said"
    [[ $said == *'test accuracy 100.00%'* ]] || fail "$1: $said"
    # The first test picture is a 3: write_digits says so.
    [[ $said == *'a 3, with probability'*'its label is 3'* ]] || fail "$1: $said"
}

# build_examples DIR LINKING COMPILER…: LINKING is --static or --shared, pkg-config's options.
build_examples() {
    local dir=$scratch/$1 linking=$2 each
    local -a link
    shift 2
    step "build and run: $*, pkg-config ${linking#--}"
    mkdir -p "$dir"
    read -r -a link <<<"$(pkg-config --cflags --libs "$linking" scratchml)"
    if [[ $linking == --static ]]; then
        # Ours from the archive; the system's libraries stay shared.
        link=("${link[@]/#-lscratchml/-l:libscratchml.a}")
    fi
    for each in train_mnist predict_mnist; do
        "$@" "${flags[@]}" "$examples/$each.c" -x none -o "$dir/$each" "${link[@]}"
    done
    run_examples "$dir"
}

build_examples c_shared --shared gcc -std=c11
build_examples c_static --static gcc -std=c11
build_examples cpp_shared --shared g++ -std=c++11 -x c++
build_examples cpp_static --static g++ -std=c++11 -x c++
[[ $(ldd "$scratch/c_shared/train_mnist") == *libscratchml.so.0* ]] ||
    fail 'the shared example does not use the shared library'
[[ $(ldd "$scratch/c_static/train_mnist") != *libscratchml* ]] ||
    fail 'the static example needs the shared library'

step 'build and run: find_package'
mkdir -p "$scratch/project"
cat >"$scratch/project/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.18)
project(user LANGUAGES C)
find_package(scratchml 0.1 REQUIRED)
foreach(program train_mnist predict_mnist)
    add_executable(${program} ${EXAMPLES}/${program}.c)
    target_link_libraries(${program} PRIVATE scratchml::scratchml)
    add_executable(${program}_static ${EXAMPLES}/${program}.c)
    target_link_libraries(${program}_static PRIVATE scratchml::static)
endforeach()
CMAKE
(
    cd "$scratch/project"
    cmake -S . -B out -DCMAKE_PREFIX_PATH="$prefix" -DEXAMPLES="$examples" &&
        cmake --build out
) >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
run_examples "$scratch/project/out"
mkdir "$scratch/static"
for each in train_mnist predict_mnist; do
    mv "$scratch/project/out/${each}_static" "$scratch/static/$each"
done
run_examples "$scratch/static"

step 'the same bits from every build'
for dir in c_static cpp_shared cpp_static project/out static; do
    cmp "$scratch/c_shared/mnist.safetensors" "$scratch/$dir/mnist.safetensors" ||
        fail "$dir gave another model"
done

if [[ ! -d $fetched/mnist ]]; then
    echo 'MNIST is not fetched: the examples have seen made-up digits only'
    exit 0
fi

step 'the real MNIST'
said=$(cd "$scratch/c_shared" && export SCRATCHML_DATA="$fetched" && ./train_mnist && ./predict_mnist)
echo "$said"
accuracy=$(sed -n 's/^test accuracy \([0-9.]*\)%.*/\1/p' <<<"$said")
awk -v a="$accuracy" 'BEGIN { exit !(a >= 97.0) }' || fail "$accuracy% is less than it should be"
# The first test digit of MNIST is a 7.
[[ $said == *'a 7, with probability'*'its label is 7'* ]] || fail 'the first digit is a 7'
