#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace lightly::data {

struct DownloadOptions {
  /// MD5 of the whole file, 32 hexadecimal digits; empty: not checked.
  std::string md5 = {};
  /// Seconds until a connection must stand, > 0.
  double connect_timeout_seconds = 10.0;
  /// Seconds without a single byte after which the download counts as interrupted, >= 1.
  std::int64_t stall_timeout_seconds = 30;
  /// Called now and then with the bytes that came and the bytes in all, 0 while that is not known.
  /// What it throws ends the download and reaches the caller.
  std::function<void(std::int64_t received_bytes, std::int64_t total_bytes)> progress = {};

  void check() const;
};

/// Writes what is at `url` (http or https, redirects followed) to `path`, whole or not at all.
///
/// The bytes go to a temporary name beside `path`, which is renamed when all came and the sum is
/// right; else nothing is left and an older file at `path` stays. Parent folders are not created.
/// Throws c10::Error that names the URL and the reason.
void download(const std::string& url, const std::filesystem::path& path,
              const DownloadOptions& options = {});

}  // namespace lightly::data
