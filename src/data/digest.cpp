#include "data/digest.hpp"

#include <array>

#include <c10/util/Exception.h>

namespace lightly::data {

Digest::Digest(const char* algorithm) : context_(EVP_MD_CTX_new()) {
  const EVP_MD* method = EVP_get_digestbyname(algorithm);
  TORCH_CHECK(
      context_ && method != nullptr && EVP_DigestInit_ex(context_.get(), method, nullptr) == 1,
      "Digest: OpenSSL cannot compute ", algorithm);
}

void Digest::update(const void* bytes, std::size_t count) {
  TORCH_CHECK(EVP_DigestUpdate(context_.get(), bytes, count) == 1, "Digest: OpenSSL failed");
}

std::string Digest::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int length = 0;
  TORCH_CHECK(EVP_DigestFinal_ex(context_.get(), sum.data(), &length) == 1,
              "Digest: OpenSSL failed");
  std::string text;
  for (unsigned int i = 0; i < length; ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[sum[i] >> 4];
    text += kDigits[sum[i] & 15];
  }
  return text;
}

}  // namespace lightly::data
