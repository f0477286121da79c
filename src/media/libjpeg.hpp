#pragma once

#include <array>
#include <csetjmp>
#include <cstdio>

// After <cstdio>, which they need and do not include.
#include <jerror.h>
#include <jpeglib.h>

#ifndef LIBJPEG_TURBO_VERSION_NUMBER
#error "lightly needs libjpeg-turbo: the library found is another libjpeg, which decodes no parts"
#endif

/// libjpeg's errors without exit() and standard error stream.
namespace lightly::media {

/// libjpeg reports an error by a call that must not return. `manager` comes first, so that
/// libjpeg's pointer to it is one to the whole.
struct JpegErrors {
  jpeg_error_mgr manager = {};
  std::jmp_buf place = {};
  std::array<char, JMSG_LENGTH_MAX> text = {};
};

/// Ends the call that is under way; `reason` becomes the error's text.
[[noreturn]] inline void give_up(j_common_ptr info, const char* reason) {
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  std::snprintf(errors->text.data(), errors->text.size(), "%s", reason);
  std::longjmp(errors->place, 1);
}

[[noreturn]] inline void give_up_with_message(j_common_ptr info) {
  if (info->err->msg_code == JERR_NO_BACKING_STORE) {
    give_up(info, "it takes more than 2 GiB of memory");
  }
  std::array<char, JMSG_LENGTH_MAX> text;
  (*info->err->format_message)(info, text.data());
  give_up(info, text.data());
}

/// Warnings are dropped.
inline jpeg_error_mgr* prepare(JpegErrors& errors) {
  jpeg_std_error(&errors.manager);
  errors.manager.error_exit = give_up_with_message;
  errors.manager.emit_message = [](j_common_ptr, int) {};
  return &errors.manager;
}

/// False when libjpeg gave up within `call`. That is a jump, which runs no destructors: whatever
/// `call` makes must have none.
template <typename Call>
[[gnu::noinline]] bool succeeds(JpegErrors& errors, const Call& call) {
  if (setjmp(errors.place) != 0) {
    return false;
  }
  call();
  return true;
}

}  // namespace lightly::media
