# What is installed where, and the Debian package of it (packaging/README.md). Only for the server as a whole.
if(NOT TARGET coatcheck_app)
  return()
endif()
include(GNUInstallDirs)

# The libraries that no Debian has lie beside the program's own, and are found from where it is.
set_target_properties(coatcheck_app PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/coatcheck")
set(bundled_libraries "")
foreach(library IN ITEMS "${ARROW_LIBRARY}" "${PARQUET_LIBRARY}" "${DUCKDB_LIBRARY}")
  string(FIND "${library}" "${pinned_prefix}/" at)
  if(at EQUAL 0)
    file(GLOB versions "${library}.*")
    if(NOT versions)
      set(versions "${library}")  # Its soname has no version.
    endif()
    list(APPEND bundled_libraries ${versions})
  endif()
endforeach()

install(TARGETS coatcheck_app RUNTIME DESTINATION bin)
install(PROGRAMS ${bundled_libraries} DESTINATION lib/coatcheck)
install(FILES packaging/coatcheck.1 DESTINATION share/man/man1)
install(FILES packaging/coatcheck.toml DESTINATION share/coatcheck)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION share/doc/coatcheck)
install(FILES LICENSE DESTINATION share/doc/coatcheck RENAME copyright)
install(CODE "
  foreach(shell IN ITEMS bash zsh fish)
    execute_process(COMMAND \"$<TARGET_FILE:coatcheck_app>\" completion \${shell}
      OUTPUT_FILE \"${CMAKE_BINARY_DIR}/completion.\${shell}\" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()")
install(FILES "${CMAKE_BINARY_DIR}/completion.bash" DESTINATION share/bash-completion/completions RENAME coatcheck)
install(FILES "${CMAKE_BINARY_DIR}/completion.zsh" DESTINATION share/zsh/vendor-completions RENAME _coatcheck)
install(FILES "${CMAKE_BINARY_DIR}/completion.fish" DESTINATION share/fish/vendor_completions.d RENAME coatcheck.fish)

# What belongs to the system and not under a prefix: for the package alone.
install(FILES packaging/coatcheck.service DESTINATION lib/systemd/system COMPONENT system EXCLUDE_FROM_ALL)
install(FILES packaging/coatcheck.toml DESTINATION /etc/coatcheck COMPONENT system EXCLUDE_FROM_ALL)

# An installation takes what is built, and does not build the benchmarks for it.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(CPACK_INSTALL_CMAKE_PROJECTS
  "${CMAKE_BINARY_DIR};coatcheck;ALL;/" "${CMAKE_BINARY_DIR};coatcheck;system;/")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME coatcheck)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "The Coatcheck authors <coatcheck@example.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "asynchronous SQL query service")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "Takes SQL queries over HTTP, answers at once with a ticket, runs them in a warehouse,\n and keeps their results until they are claimed.")
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
foreach(library IN LISTS bundled_libraries)
  get_filename_component(folder "${library}" DIRECTORY)
  list(APPEND CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${folder}")
endforeach()
set(debian "${PROJECT_SOURCE_DIR}/packaging/debian")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${debian}/postinst;${debian}/prerm;${debian}/postrm;${debian}/conffiles")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
