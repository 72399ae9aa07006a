# Every library from outside, as one imported target each. docs/dependencies.md says why each is here.
execute_process(COMMAND "${PROJECT_SOURCE_DIR}/tools/install-dependencies" --prefix
  OUTPUT_VARIABLE pinned_prefix OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
file(STRINGS "${PROJECT_SOURCE_DIR}/tools/dependencies.lock" pinned_lines REGEX "^(pypi|npm)")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS tools/dependencies.lock)
foreach(line IN LISTS pinned_lines)
  separate_arguments(parts UNIX_COMMAND "${line}")
  list(GET parts 1 name)
  list(GET parts 2 version)
  set("pinned_version_${name}" "${version}")
endforeach()

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
# Debian keeps 1.81 beside its default 1.74; both CMake's own finder and Boost's know this hint.
set(Boost_NO_WARN_NEW_VERSIONS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json)

find_library(ZSTD_LIBRARY zstd REQUIRED)
find_path(ZSTD_INCLUDE zstd.h REQUIRED)
add_library(coatcheck_zstd INTERFACE)
target_link_libraries(coatcheck_zstd INTERFACE "${ZSTD_LIBRARY}")
target_include_directories(coatcheck_zstd SYSTEM INTERFACE "${ZSTD_INCLUDE}")
add_library(external::zstd ALIAS coatcheck_zstd)

# XXH3, header only.
find_path(XXHASH_INCLUDE xxhash.h REQUIRED)
add_library(coatcheck_xxhash INTERFACE)
target_compile_definitions(coatcheck_xxhash INTERFACE XXH_INLINE_ALL)
target_include_directories(coatcheck_xxhash SYSTEM INTERFACE "${XXHASH_INCLUDE}")
add_library(external::xxhash ALIAS coatcheck_xxhash)

add_library(coatcheck_asio INTERFACE)
target_link_libraries(coatcheck_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(coatcheck_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
add_library(external::asio ALIAS coatcheck_asio)

# Arrow C++: an installed one, else the libraries and headers of the pinned pyarrow wheel. 25 is the first version whose
# base64_decode says that a text is not base64 (it returns a Result). The version is compared here, since Arrow's own package
# files take a number for that major version alone.
set(arrow_version_min 25)
find_package(Arrow QUIET CONFIG)
find_package(Parquet QUIET CONFIG)
foreach(package Arrow Parquet)
  if(${package}_FOUND AND ${package}_VERSION VERSION_LESS arrow_version_min)
    message(STATUS "${package} ${${package}_VERSION} is installed, but ${arrow_version_min} is needed: the pinned one is taken")
    set(${package}_FOUND FALSE)
  endif()
endforeach()
add_library(coatcheck_arrow INTERFACE)
if(Arrow_FOUND AND Parquet_FOUND)
  target_link_libraries(coatcheck_arrow INTERFACE Arrow::arrow_shared Parquet::parquet_shared)
else()
  set(arrow_root "${pinned_prefix}/arrow-${pinned_version_pyarrow}")
  find_library(ARROW_LIBRARY arrow PATHS "${arrow_root}/lib" NO_DEFAULT_PATH REQUIRED)
  find_library(PARQUET_LIBRARY parquet PATHS "${arrow_root}/lib" NO_DEFAULT_PATH REQUIRED)
  target_link_libraries(coatcheck_arrow INTERFACE "${ARROW_LIBRARY}" "${PARQUET_LIBRARY}")
  target_include_directories(coatcheck_arrow SYSTEM INTERFACE "${arrow_root}/include")
endif()
add_library(external::arrow ALIAS coatcheck_arrow)

# DuckDB's C API: an installed one, else the library and headers of the pinned npm packages.
find_path(DUCKDB_INCLUDE duckdb.h HINTS "${pinned_prefix}/duckdb-${pinned_version_duckdb}/include" REQUIRED)
find_library(DUCKDB_LIBRARY duckdb HINTS "${pinned_prefix}/duckdb-${pinned_version_duckdb}/lib" REQUIRED)
add_library(coatcheck_duckdb INTERFACE)
target_link_libraries(coatcheck_duckdb INTERFACE "${DUCKDB_LIBRARY}")
target_include_directories(coatcheck_duckdb SYSTEM INTERFACE "${DUCKDB_INCLUDE}")
add_library(external::duckdb ALIAS coatcheck_duckdb)

set(COATCHECK_SAMPLE_DATA "${pinned_prefix}/vega-datasets-${pinned_version_vega-datasets}")
# ADBC drivers for the tests, by tools/install-dependencies --test.
set(COATCHECK_ADBC_DRIVERS
  "${pinned_prefix}/adbc-drivers-${pinned_version_adbc-driver-postgresql}-${pinned_version_adbc-driver-sqlite}")
