# libscratchml, static and shared, from one set of position-independent objects.
file(GLOB plain_sources CONFIGURE_DEPENDS
    src/base/*.c src/math/*.c src/math/ref/*.c src/data/*.c src/data/readers/*.c
    src/data/prepare/*.c src/metrics/*.c src/model/*.c src/nn/*.c src/nn/schedules/*.c
    src/study/*.c src/explain/*.c)
file(GLOB kernel_sources CONFIGURE_DEPENDS
    src/math/simd/*.c src/nn/layers/*.c src/nn/losses/*.c src/nn/optimizers/*.c)

set(library_objects "")

function(scratchml_object_library name)
    add_library(${name} OBJECT ${ARGN})
    target_include_directories(${name} PRIVATE include src)
    target_link_libraries(${name} PRIVATE scratchml_flags scratchml_dependencies)
    set(library_objects ${library_objects} $<TARGET_OBJECTS:${name}> PARENT_SCOPE)
endfunction()

scratchml_object_library(scratchml_objects ${plain_sources})

# A kernel source is compiled once for each instruction set; SML_ISA becomes the suffix of its
# symbols, and one place picks a set at run time.
if(kernel_sources)
    foreach(isa IN LISTS SCRATCHML_ISAS)
        scratchml_object_library(scratchml_kernels_${isa} ${kernel_sources})
        target_compile_definitions(scratchml_kernels_${isa} PRIVATE SML_ISA=${isa})
        target_compile_options(scratchml_kernels_${isa} PRIVATE
            ${SCRATCHML_KERNEL_FLAGS} ${SCRATCHML_ISA_FLAGS_${isa}})
    endforeach()
endif()

add_library(scratchml_static STATIC ${library_objects})
add_library(scratchml_shared SHARED ${library_objects})
foreach(library scratchml_static scratchml_shared)
    set_target_properties(${library} PROPERTIES OUTPUT_NAME scratchml)
    target_include_directories(${library} INTERFACE
        $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()

set_target_properties(scratchml_shared PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} EXPORT_NAME scratchml)
target_link_libraries(scratchml_shared PRIVATE
    $<BUILD_INTERFACE:scratchml_dependencies> $<BUILD_INTERFACE:scratchml_flags>)

# Whoever links the static library links what it stands on. Installed, these are plain library
# names: find_package then needs no development package of ours for users of the shared one.
set(private_libraries jansson nettle png jpeg ${OpenMP_C_LIB_NAMES} z m)
set_target_properties(scratchml_static PROPERTIES EXPORT_NAME static)
target_link_libraries(scratchml_static INTERFACE
    $<BUILD_INTERFACE:scratchml_dependencies> "$<INSTALL_INTERFACE:${private_libraries}>")

add_library(scratchml::scratchml ALIAS scratchml_shared)
add_library(scratchml::static ALIAS scratchml_static)
