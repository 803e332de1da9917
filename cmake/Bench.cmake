# Measurements of this machine, in build/bench/. They are timings, so no test runs them.
add_executable(bench_training bench/training.c bench/peak.c)
foreach(isa IN LISTS SCRATCHML_ISAS)
    add_library(bench_fma_${isa} OBJECT bench/fma_loop.c)
    target_include_directories(bench_fma_${isa} PRIVATE src)
    target_compile_definitions(bench_fma_${isa} PRIVATE SML_ISA=${isa})
    target_compile_options(bench_fma_${isa} PRIVATE
        ${SCRATCHML_KERNEL_FLAGS} ${SCRATCHML_ISA_FLAGS_${isa}})
    target_link_libraries(bench_fma_${isa} PRIVATE scratchml_flags)
    target_sources(bench_training PRIVATE $<TARGET_OBJECTS:bench_fma_${isa}>)
endforeach()
set_target_properties(bench_training PROPERTIES
    OUTPUT_NAME training RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bench")
target_include_directories(bench_training PRIVATE src)
target_link_libraries(bench_training PRIVATE scratchml_flags scratchml_static OpenMP::OpenMP_C)
