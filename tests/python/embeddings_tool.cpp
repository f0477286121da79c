// The C++ half of embeddings.py: `write` makes embeddings files and what is in them, `check` reads
// what Python wrote and compares.

#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "lightly/core/random.hpp"
#include "lightly/core/safetensors.hpp"
#include "lightly/evaluation/embeddings_file.hpp"

namespace {

using namespace lightly;

// The first of NAMES in embeddings.py, then 5.png, 6.png, ...
std::vector<std::string> file_names(std::int64_t count) {
  std::vector<std::string> names{"a/1,2.png", "say \"cheese\".jpg", "line\nend.png", "",
                                 "ünïcödé 図.png"};
  while (static_cast<std::int64_t>(names.size()) < count) {
    names.push_back(std::to_string(names.size()) + ".png");
  }
  return names;
}

template <typename Draw>
void write(const std::filesystem::path& file, evaluation::NumpyFloatText numbers,
           const Draw& draw) {
  constexpr std::int64_t kRows = 2'000;
  evaluation::Embeddings embeddings{.features = at::empty({kRows, 17}, at::kFloat),
                                    .labels = at::arange(-3, kRows - 3, at::kLong),
                                    .file_names = file_names(kRows)};
  auto* features = embeddings.features.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < embeddings.features.numel(); ++i) {
    features[i] = draw();
  }
  evaluation::save_embeddings(file.string() + ".csv", embeddings, {.numbers = numbers});
  core::save_safetensors(
      file.string() + ".safetensors",
      {.tensors = {{"features", embeddings.features}, {"labels", embeddings.labels}}});
}

void write(const std::filesystem::path& folder, evaluation::NumpyFloatText numbers) {
  core::Random random(1);
  write(folder / "normal", numbers, [&] { return static_cast<float>(random.normal()); });
  write(folder / "bits", numbers, [&] {
    const std::uint32_t bits = random.bits();
    float number = 0.0F;
    std::memcpy(&number, &bits, sizeof(number));
    return number;
  });
}

void check(const std::filesystem::path& folder) {
  for (const std::string kind : {"python_float32", "python_float64"}) {
    const auto expected = core::load_safetensors(folder / (kind + ".safetensors"));
    const auto actual = evaluation::load_embeddings(folder / (kind + ".csv"));
    const at::Tensor& features = expected.at("features");
    TORCH_CHECK(actual.features.sizes() == features.sizes() &&
                    std::memcmp(actual.features.const_data_ptr(), features.const_data_ptr(),
                                features.nbytes()) == 0,
                kind, ": features differ");
    TORCH_CHECK(actual.labels.equal(expected.at("labels")), kind, ": labels differ");
    TORCH_CHECK(actual.file_names == file_names(features.size(0)), kind, ": names differ");
    std::cout << "lightly -> C++: " << kind << ".csv: " << features.sizes() << ", all equal\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc >= 3 ? argv[1] : "";
  if (!(what == "write" && argc == 4) && !(what == "check" && argc == 3)) {
    std::cerr << "usage: lightly_embeddings_tool write <folder> 2.2|2.3, or check <folder>\n";
    return 2;
  }
  try {
    if (what == "write") {
      write(argv[2], std::string(argv[3]) == "2.2" ? evaluation::NumpyFloatText::kUpTo2_2
                                                   : evaluation::NumpyFloatText::kSince2_3);
    } else {
      check(argv[2]);
    }
  } catch (const c10::Error& error) {
    std::cerr << "lightly_embeddings_tool: " << error.what_without_backtrace() << "\n";
    return EXIT_FAILURE;
  } catch (const std::exception& error) {
    std::cerr << "lightly_embeddings_tool: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
