# install.cmake -- what `cmake --install` puts where.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Credence)

install(TARGETS credence EXPORT CredenceTargets)
install(TARGETS credence_static EXPORT CredenceStaticTargets)
install(DIRECTORY include/credence TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE README.md CHANGELOG.md TYPE DOC)
install(DIRECTORY docs TYPE DOC)
install(DIRECTORY examples TYPE DOC FILES_MATCHING PATTERN "*.c")

# CMake package: the static library stands apart, because it alone needs our dependencies.
install(EXPORT CredenceTargets NAMESPACE Credence:: DESTINATION ${package_dir})
install(EXPORT CredenceStaticTargets NAMESPACE Credence:: DESTINATION ${package_dir})
configure_package_config_file(cmake/CredenceConfig.cmake.in generated/CredenceConfig.cmake
                              INSTALL_DESTINATION ${package_dir}
                              NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(generated/CredenceConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/CredenceConfig.cmake
              ${PROJECT_BINARY_DIR}/generated/CredenceConfigVersion.cmake
              cmake/FindCSV.cmake DESTINATION ${package_dir})

# pkg-config: paths relative to the file, so that the folder can be moved.
file(RELATIVE_PATH CRED_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" CRED_PC_TO_PREFIX ${CRED_PC_TO_PREFIX})
configure_file(cmake/credence.pc.in generated/credence.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/generated/credence.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(NOT TARGET credence_cli)
  return()
endif()
install(TARGETS credence_cli)

set(manual_dir ${PROJECT_BINARY_DIR}/manual)
add_custom_command(OUTPUT ${manual_dir}/credence
                   COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:credence_cli>
                   -DFOLDER=${manual_dir} -P ${PROJECT_SOURCE_DIR}/cmake/manual.cmake
                   DEPENDS credence_cli cmake/manual.cmake
                   COMMENT "Writing the man pages and the completion")
add_custom_target(manual ALL DEPENDS ${manual_dir}/credence)
install(DIRECTORY ${manual_dir}/man1 TYPE MAN)
install(FILES ${manual_dir}/credence
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
