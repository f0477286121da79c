#include "lightly/data/download.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <optional>

#include <c10/util/Exception.h>
#include <curl/curl.h>

#include "core/handle.hpp"
#include "data/digest.hpp"
#include "lightly/core/atomic_file.hpp"
#include "lightly/core/check.hpp"

namespace lightly::data {
namespace {

// What libcurl's callbacks see. An exception must not pass through libcurl, so it waits here.
struct Transfer {
  core::AtomicFile& file;
  const DownloadOptions& options;
  /// Only where a sum is asked for: some systems forbid MD5.
  std::optional<Digest> digest;
  std::exception_ptr error;
};

template <typename Callable>
bool guarded(Transfer& transfer, Callable&& callable) {
  try {
    callable();
    return true;
  } catch (...) {
    transfer.error = std::current_exception();
    return false;
  }
}

std::size_t on_bytes(const char* bytes, std::size_t, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const bool written = guarded(transfer, [&] {
    transfer.file.write({bytes, count});
    if (transfer.digest) {
      transfer.digest->update(bytes, count);
    }
  });
  return written ? count : 0;
}

int on_progress(void* user, curl_off_t total, curl_off_t received, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  return guarded(transfer, [&] { transfer.options.progress(received, total); }) ? 0 : 1;
}

void global_init() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  TORCH_CHECK(result == CURLE_OK, "download: cannot start libcurl: ", curl_easy_strerror(result));
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

// Sets one option; every failure here is a lack of memory or of a feature in libcurl.
template <typename Value>
void set(CURL* curl, CURLoption option, Value value) {
  const CURLcode result = curl_easy_setopt(curl, option, value);
  TORCH_CHECK(result == CURLE_OK,
              "download: libcurl refuses an option: ", curl_easy_strerror(result));
}

void allow_only_http(CURL* curl) {
#if LIBCURL_VERSION_NUM >= 0x075500
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
  set(curl, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
  set(curl, CURLOPT_REDIR_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

}  // namespace

void DownloadOptions::check() const {
  constexpr std::size_t kMd5Digits = 32;
  const bool hexadecimal = md5.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  TORCH_CHECK_VALUE(md5.empty() || (md5.size() == kMd5Digits && hexadecimal),
                    "download: md5 must have 32 hexadecimal digits, got ", md5);
  core::check_positive("download", "connect_timeout_seconds", connect_timeout_seconds);
  core::check_at_least("download", "stall_timeout_seconds", stall_timeout_seconds, 1);
}

void download(const std::string& url, const std::filesystem::path& path,
              const DownloadOptions& options) {
  options.check();
  global_init();
  const core::Handle<CURL, curl_easy_cleanup> handle(curl_easy_init());
  CURL* curl = handle.get();
  TORCH_CHECK(curl != nullptr, "download: cannot start libcurl");

  core::AtomicFile file(path);
  Transfer transfer{.file = file, .options = options, .digest = {}, .error = nullptr};
  if (!options.md5.empty()) {
    transfer.digest.emplace("MD5");
  }
  std::array<char, CURL_ERROR_SIZE> reason{};
  allow_only_http(curl);
  set(curl, CURLOPT_URL, url.c_str());
  set(curl, CURLOPT_ERRORBUFFER, reason.data());
  set(curl, CURLOPT_FAILONERROR, 1L);
  set(curl, CURLOPT_FOLLOWLOCATION, 1L);
  set(curl, CURLOPT_MAXREDIRS, 10L);
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_USERAGENT, "lightly-cpp");
  set(curl, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::ceil(std::min(options.connect_timeout_seconds, 1e6) * 1000.0)));
  set(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout_seconds));
  set(curl, CURLOPT_WRITEFUNCTION, &on_bytes);
  set(curl, CURLOPT_WRITEDATA, &transfer);
  if (options.progress) {
    set(curl, CURLOPT_NOPROGRESS, 0L);
    set(curl, CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(curl, CURLOPT_XFERINFODATA, &transfer);
  }

  const CURLcode result = curl_easy_perform(curl);
  if (transfer.error) {
    std::rethrow_exception(transfer.error);
  }
  TORCH_CHECK(result == CURLE_OK, "download: cannot get ", url, ": ",
              reason[0] != '\0' ? reason.data() : curl_easy_strerror(result));
  if (transfer.digest) {
    const std::string found = transfer.digest->hex();
    TORCH_CHECK(found == lower(options.md5), "download: ", url, " must have the MD5 ",
                lower(options.md5), ", got ", found);
  }
  file.commit();
}

}  // namespace lightly::data
