# The program build/scratchml. It sees public headers only.
file(GLOB program_sources CONFIGURE_DEPENDS cli/*.c)
if(program_sources)
    add_executable(scratchml_program ${program_sources})
    set_target_properties(scratchml_program PROPERTIES
        OUTPUT_NAME scratchml RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
    target_include_directories(scratchml_program PRIVATE cli)
    target_link_libraries(scratchml_program PRIVATE scratchml_flags scratchml_static)
endif()

# What a user wants: `make` builds this and not the tests.
add_custom_target(product DEPENDS scratchml_static scratchml_shared)
if(TARGET scratchml_program)
    add_dependencies(product scratchml_program)
endif()
