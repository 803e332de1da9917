# One interface target, scratchml_flags, carries what every source of the project is built with.
add_library(scratchml_flags INTERFACE)

# glibc shows strtod_l, memmem and strcasestr to GNU programs only.
target_compile_definitions(scratchml_flags INTERFACE _GNU_SOURCE= _DEFAULT_SOURCE=)
target_compile_options(scratchml_flags INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
    -Werror=implicit-function-declaration)
if(SCRATCHML_WERROR)
    target_compile_options(scratchml_flags INTERFACE -Werror)
endif()

if(SCRATCHML_SANITIZE STREQUAL "address")
    set(sanitizer -fsanitize=address,undefined -fno-sanitize-recover=undefined)
elseif(SCRATCHML_SANITIZE STREQUAL "thread")
    set(sanitizer -fsanitize=thread)
elseif(NOT SCRATCHML_SANITIZE STREQUAL "")
    message(FATAL_ERROR "SCRATCHML_SANITIZE is '${SCRATCHML_SANITIZE}': use address or thread")
endif()
if(SCRATCHML_SANITIZE)
    target_compile_options(scratchml_flags INTERFACE ${sanitizer} -fno-omit-frame-pointer -g)
    target_link_options(scratchml_flags INTERFACE ${sanitizer})
endif()

# libFuzzer is led by the branches of the library, so the library counts them.
if(SCRATCHML_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang" OR NOT SCRATCHML_SANITIZE STREQUAL "address")
        message(FATAL_ERROR "SCRATCHML_FUZZ needs clang and SCRATCHML_SANITIZE=address: tools/fuzz")
    endif()
    target_compile_options(scratchml_flags INTERFACE -fsanitize=fuzzer-no-link)
    # libFuzzer's convention: the checksum of a model file would stop every mutation at the door.
    target_compile_definitions(scratchml_flags INTERFACE FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION=1)
endif()

# Kernels may contract a*b+c into one rounding and need no errno and no trap. Nothing here lets
# the compiler reorder sums: the bits of a result depend on the source alone.
set(SCRATCHML_KERNEL_FLAGS -ffp-contract=fast -fno-math-errno -fno-trapping-math -fopenmp-simd)
if(NOT SCRATCHML_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    list(APPEND SCRATCHML_KERNEL_FLAGS -O3)
endif()

# The instruction sets that kernels are compiled for, and the flags of each.
set(SCRATCHML_ISAS plain)
set(SCRATCHML_ISA_FLAGS_plain "")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
    list(APPEND SCRATCHML_ISAS avx2 avx512)
    set(SCRATCHML_ISA_FLAGS_avx2 -mavx2 -mfma -mpopcnt)
    set(SCRATCHML_ISA_FLAGS_avx512 -mavx512f -mavx512vl -mavx512dq -mavx512bw -mavx2 -mfma -mpopcnt
        -mprefer-vector-width=512)
    target_compile_definitions(scratchml_flags INTERFACE SML_HAVE_X86=1)
endif()
