# XTINYCC_BUNDLE: link everything but glibc statically, for the wheel (packaging/build_wheel.sh).
# Archives come from Debian 12's development packages and from build_deps.sh, whose prefix is in
# CMAKE_PREFIX_PATH. nb-draw alone stays dynamic; complete_wheel.py puts its libraries beside it.

# xtinycc_static(PREFIX archive...): let PkgConfig::PREFIX stand for these archives instead of the
# shared libraries that pkg-config named.
function(xtinycc_static prefix)
    if(NOT XTINYCC_BUNDLE)
        return()
    endif()
    xtinycc_archives(found ${ARGN})
    set_target_properties(PkgConfig::${prefix} PROPERTIES
        INTERFACE_LINK_LIBRARIES "${found}" INTERFACE_LINK_OPTIONS "")
endfunction()

# xtinycc_archives(VARIABLE archive...): the paths of libNAME.a.
function(xtinycc_archives variable)
    set(found)
    foreach(name ${ARGN})
        find_library(XTINYCC_ARCHIVE_${name} NAMES lib${name}.a REQUIRED)
        list(APPEND found ${XTINYCC_ARCHIVE_${name}})
    endforeach()
    set(${variable} ${found} PARENT_SCOPE)
endfunction()

if(NOT XTINYCC_BUNDLE)
    return()
endif()

xtinycc_archives(ZLIB_LIBRARY z)
xtinycc_archives(EDIT_LIBRARY edit tinfo bsd md)
set(third_party libstdc++.a libgcc.a libgcc_eh.a libtcc.a libz.a libxeus.a libzmq.a libcrypto.a
    libssl.a libuuid.a libedit.a libtinfo.a libbsd.a libmd.a libjansson.a libzip.a libcurl.a
    libhdf5_serial.a libsz.a libaec.a)
list(JOIN third_party ":" third_party)
add_compile_options(-ffunction-sections -fdata-sections -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
# Of the worker's own symbols cells must see those it exports; of the archives none.
add_link_options(-static-libgcc -Wl,--gc-sections -Wl,--exclude-libs,${third_party}
    $<$<LINK_LANGUAGE:CXX>:-static-libstdc++>)

# The one function that these archives want from a glibc newer than 2.35.
add_library(xtinycc_shim OBJECT ${CMAKE_CURRENT_LIST_DIR}/arc4random.c)
target_compile_definitions(xtinycc_shim PRIVATE _GNU_SOURCE)
