# `cmake --install` / `make install DESTDIR=…`: library, headers, program, scratchml.pc and the
# CMake package.
include(CMakePackageConfigHelpers)

install(TARGETS scratchml_shared scratchml_static EXPORT scratchmlTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(TARGET scratchml_program)
    install(TARGETS scratchml_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/scratchml)
install(EXPORT scratchmlTargets NAMESPACE scratchml:: DESTINATION ${package_dir})
configure_file(cmake/scratchmlConfig.cmake.in scratchmlConfig.cmake @ONLY)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/scratchmlConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/scratchmlConfig.cmake"
    "${CMAKE_BINARY_DIR}/scratchmlConfigVersion.cmake" DESTINATION ${package_dir})

# ${prefix} in scratchml.pc follows the file, so that a tree moved by DESTDIR still works.
file(RELATIVE_PATH pc_to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
list(TRANSFORM OpenMP_C_LIB_NAMES PREPEND "-l" OUTPUT_VARIABLE pc_openmp)
list(JOIN pc_openmp " " pc_openmp)
configure_file(cmake/scratchml.pc.in scratchml.pc @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/scratchml.pc"
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
