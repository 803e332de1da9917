# The programs of bench/, in build/bench/. They are timings, so no test runs them. A peer whose
# library is not there is left out; bench/compare.py then has a column less.
include(CheckLanguage)

function(bench_program name)
    add_executable(bench_${name} ${ARGN})
    set_target_properties(bench_${name} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bench")
    add_dependencies(bench bench_${name})
endfunction()

add_custom_target(bench DEPENDS scratchml_program)

# Our own: the worker, and what writes the data for all.
foreach(name prepare scratchml)
    bench_program(${name} bench/workers/bench_data.c)
    target_include_directories(bench_${name} PRIVATE src bench/workers)
    target_link_libraries(bench_${name} PRIVATE scratchml_flags scratchml_static)
endforeach()
target_sources(bench_prepare PRIVATE bench/prepare.c)
target_sources(bench_scratchml PRIVATE bench/workers/scratchml.c)

# The limits of the machine, and each kernel of the engine against them.
bench_program(peak bench/peak.c)
bench_program(kernels bench/kernels.c bench/kernels_print.c bench/kernels_dense.c
    bench/kernels_sparse.c bench/kernels_csr.c bench/kernels_single.c bench/kernels_optimizers.c
    bench/kernels_elementwise.c)
foreach(name peak kernels)
    target_sources(bench_${name} PRIVATE bench/limits.c bench/team_clock.c)
    target_include_directories(bench_${name} PRIVATE src)
    target_compile_options(bench_${name} PRIVATE -fopenmp-simd)
    target_link_libraries(bench_${name} PRIVATE scratchml_flags scratchml_static)
endforeach()
foreach(isa IN LISTS SCRATCHML_ISAS)
    add_library(bench_loops_${isa} OBJECT bench/fma_loop.c bench/read_loop.c)
    target_include_directories(bench_loops_${isa} PRIVATE src)
    target_compile_definitions(bench_loops_${isa} PRIVATE SML_ISA=${isa})
    target_compile_options(bench_loops_${isa} PRIVATE
        ${SCRATCHML_KERNEL_FLAGS} ${SCRATCHML_ISA_FLAGS_${isa}})
    target_link_libraries(bench_loops_${isa} PRIVATE scratchml_flags)
    foreach(name peak kernels)
        target_sources(bench_${name} PRIVATE $<TARGET_OBJECTS:bench_loops_${isa}>)
    endforeach()
endforeach()

# How fast files are read.
bench_program(read bench/read.c)
target_include_directories(bench_read PRIVATE src)
target_link_libraries(bench_read PRIVATE scratchml_flags scratchml_static)

# What a doctor costs beside a training.
bench_program(doctor bench/doctor.c)
target_link_libraries(bench_doctor PRIVATE scratchml_flags scratchml_static)

# What an explanation costs.
bench_program(explain bench/explain.c)
target_link_libraries(bench_explain PRIVATE scratchml_flags scratchml_static)

pkg_check_modules(FANN IMPORTED_TARGET fann)
if(FANN_FOUND)
    bench_program(fann bench/workers/fann.c)
    target_compile_definitions(bench_fann PRIVATE FANN_VERSION="${FANN_VERSION}")
    target_link_libraries(bench_fann PRIVATE scratchml_flags PkgConfig::FANN m)
else()
    message(STATUS "bench: FANN (libfann-dev) is not there: no figures of it")
endif()

if(NOT CMAKE_CXX_COMPILER)
    unset(CMAKE_CXX_COMPILER CACHE) # it may have come since the last look
endif()
check_language(CXX)
find_path(TORCH_API_DIR torch/torch.h PATH_SUFFIXES torch/csrc/api/include)
find_library(TORCH_LIBRARY torch)
find_library(TORCH_CPU_LIBRARY torch_cpu)
find_library(C10_LIBRARY c10)
if(CMAKE_CXX_COMPILER AND TORCH_API_DIR AND TORCH_LIBRARY AND TORCH_CPU_LIBRARY AND C10_LIBRARY)
    enable_language(CXX)
    bench_program(libtorch bench/workers/libtorch.cpp)
    bench_program(libtorch_mnist bench/whole_process/libtorch.cpp)
    foreach(name libtorch libtorch_mnist)
        target_include_directories(bench_${name} SYSTEM PRIVATE ${TORCH_API_DIR})
        target_link_libraries(bench_${name} PRIVATE
            ${TORCH_LIBRARY} ${TORCH_CPU_LIBRARY} ${C10_LIBRARY})
        set_target_properties(bench_${name} PROPERTIES
            CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
    endforeach()
else()
    message(STATUS "bench: LibTorch (libtorch-dev, g++) is not there: no figures of it")
endif()
