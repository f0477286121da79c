#include "lightly/transforms/size.hpp"

#include <c10/util/Exception.h>

namespace lightly::transforms {

std::ostream& operator<<(std::ostream& stream, const Size& size) {
  return stream << size.height << "x" << size.width;
}

std::ostream& operator<<(std::ostream& stream, const Box& box) {
  return stream << "{top " << box.top << ", left " << box.left << ", height " << box.height
                << ", width " << box.width << "}";
}

bool is_inside(const Box& box, const Size& image_size) {
  return box.top >= 0 && box.left >= 0 && box.height >= 1 && box.width >= 1 &&
         box.height <= image_size.height && box.width <= image_size.width &&
         box.top <= image_size.height - box.height && box.left <= image_size.width - box.width;
}

void check_size(std::string_view callee, std::string_view name, const Size& size) {
  TORCH_CHECK_VALUE(size.height >= 1 && size.width >= 1, callee, ": ", name,
                    " must be at least 1x1 px, got ", size);
}

}  // namespace lightly::transforms
