#pragma once

#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "core/handle.hpp"

namespace lightly::data {

/// A checksum of bytes that come in pieces.
class Digest {
 public:
  /// `algorithm`: "MD5" or "SHA256"; throws c10::Error when OpenSSL has it disabled.
  explicit Digest(const char* algorithm);

  void update(const void* bytes, std::size_t count);

  /// The sum in lower-case hexadecimal; call it once, at the end.
  std::string hex();

 private:
  core::Handle<EVP_MD_CTX, EVP_MD_CTX_free> context_;
};

}  // namespace lightly::data
