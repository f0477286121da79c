# Finds FFmpeg (5.1 and later: libavcodec 59.37) and gives FFmpeg::avformat, FFmpeg::avcodec, FFmpeg::swscale and
# FFmpeg::avutil. Debian's packages have no CMake files of their own.

find_path(FFmpeg_INCLUDE_DIR libavformat/avformat.h)
find_file(FFmpeg_VERSION_HEADER libavcodec/version_major.h
  HINTS "${FFmpeg_INCLUDE_DIR}" NO_CACHE)
set(FFmpeg_LIBRARIES_FOUND TRUE)
foreach(part avutil swscale avcodec avformat)
  find_library(FFmpeg_${part}_LIBRARY ${part})
  mark_as_advanced(FFmpeg_${part}_LIBRARY)
  if(NOT FFmpeg_${part}_LIBRARY)
    set(FFmpeg_LIBRARIES_FOUND FALSE)
  endif()
endforeach()
mark_as_advanced(FFmpeg_INCLUDE_DIR)
if(FFmpeg_VERSION_HEADER)
  file(STRINGS "${FFmpeg_VERSION_HEADER}" FFmpeg_VERSION REGEX "define LIBAVCODEC_VERSION_MAJOR ")
  string(REGEX MATCH "[0-9]+" FFmpeg_VERSION "${FFmpeg_VERSION}")
endif()
include(FindPackageHandleStandardArgs)
# libavcodec 59 is FFmpeg 5.
find_package_handle_standard_args(FFmpeg
  REQUIRED_VARS FFmpeg_avformat_LIBRARY FFmpeg_INCLUDE_DIR FFmpeg_LIBRARIES_FOUND
  VERSION_VAR FFmpeg_VERSION)
if(FFmpeg_FOUND AND NOT TARGET FFmpeg::avutil)
  foreach(part avutil swscale avcodec avformat)
    add_library(FFmpeg::${part} UNKNOWN IMPORTED)
    set_target_properties(FFmpeg::${part} PROPERTIES
      IMPORTED_LOCATION "${FFmpeg_${part}_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${FFmpeg_INCLUDE_DIR}")
  endforeach()
  set_property(TARGET FFmpeg::swscale PROPERTY INTERFACE_LINK_LIBRARIES FFmpeg::avutil)
  set_property(TARGET FFmpeg::avcodec PROPERTY INTERFACE_LINK_LIBRARIES FFmpeg::avutil)
  set_property(TARGET FFmpeg::avformat PROPERTY INTERFACE_LINK_LIBRARIES "FFmpeg::avcodec;FFmpeg::avutil")
endif()
