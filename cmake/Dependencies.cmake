# Everything that the library links: OpenMP, jansson, libjpeg-turbo, libpng, nettle, zlib, libm.
# Dense products are our own kernels, so no BLAS is wanted: Debian's BLIS 0.9 does not know newer
# processors and then runs its generic code at a sixth of the speed.
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libjpeg)

add_library(scratchml_dependencies INTERFACE)
target_link_libraries(scratchml_dependencies INTERFACE
    OpenMP::OpenMP_C PkgConfig::JANSSON PkgConfig::NETTLE PkgConfig::PNG PkgConfig::JPEG
    ZLIB::ZLIB m)
