#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/matchers.hpp"

namespace lightly::data {

/// A fresh folder of files, removed with the object.
class ImageFolder : public lightly::testing::TemporaryFolder {
 public:
  ImageFolder() = default;
  /// With empty files of these names.
  explicit ImageFolder(const std::vector<std::string>& names);

  /// Writes a file, and the folders above it.
  void add(const std::string& name, const std::string& bytes = "") const;

  /// Writes a PNG of 4 x 3 pixels whose value says which it is: at most 255.
  void add_image(const std::string& name, int value) const;

  void link(const std::string& name, const std::string& target) const;
};

/// Runs `callable`, which returns whether all was right, in a child process that is not root, for
/// whom no folder would be unreadable. Passes when it returned true.
::testing::AssertionResult right_without_privileges(const std::function<bool()>& callable);

}  // namespace lightly::data
