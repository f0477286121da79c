# cmake --install, then find_package(lightly) from another project.

include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/lightly")
install(TARGETS lightly EXPORT lightlyTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILE_SET umbrellas DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT lightlyTargets NAMESPACE lightly:: DESTINATION "${package_dir}")
string(REGEX MATCH "^([0-9]+)\\.([0-9]+)$" _ "${lightly_torch_minor}")
math(EXPR next_minor "${CMAKE_MATCH_2} + 1")
set(lightly_torch_next_minor "${CMAKE_MATCH_1}.${next_minor}")
configure_package_config_file(cmake/lightlyConfig.cmake.in lightlyConfig.cmake
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(lightlyConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/lightlyConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/lightlyConfigVersion.cmake"
  cmake/LocateLibTorch.cmake
  cmake/FindLibTorch.cmake
  cmake/FindWebP.cmake
  cmake/FindFFmpeg.cmake
  DESTINATION "${package_dir}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
