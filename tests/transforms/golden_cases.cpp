#include "transforms/golden_cases.hpp"

#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::testing {

void expect_golden(const core::Safetensors& golden, const std::string& name,
                   const std::function<at::Tensor(const at::Tensor&, Parameters)>& operation) {
  const at::Tensor cases = golden.at(name + ".cases");
  const at::Tensor expected = golden.at(name + ".crc");
  const auto inputs = golden.tensors.find(name + ".input_crc");
  ASSERT_GE(cases.size(0), 60);
  for (std::int64_t n = 0; n < cases.size(0); ++n) {
    const double* values = cases.const_data_ptr<double>() + n * cases.size(1);
    const at::Tensor image =
        formula_image(static_cast<std::uint32_t>(values[0]),
                      {static_cast<std::int64_t>(values[1]), static_cast<std::int64_t>(values[2])});
    const std::int64_t before = crc(image);
    if (inputs != golden.tensors.end()) {
      ASSERT_EQ(before, inputs->second.const_data_ptr<std::int64_t>()[n]);
    }
    const at::Tensor result = operation(image, values + 3);
    const auto pixels = golden.tensors.find(name + ".pixels." + std::to_string(n));
    if (pixels != golden.tensors.end()) {
      ASSERT_TRUE(tensors_equal(result, pixels->second.permute({2, 0, 1})))
          << name << " of " << cases[n];
    }
    ASSERT_EQ(crc(result), expected.const_data_ptr<std::int64_t>()[n])
        << name << " of " << cases[n];
    ASSERT_EQ(crc(image), before) << name << " wrote to its input";
  }
}

}  // namespace lightly::testing
