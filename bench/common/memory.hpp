#pragma once

#include <fstream>
#include <string>

#include <c10/util/Exception.h>

namespace lightly::bench {

/// A figure of this process in /proc/self/status, in MiB: VmRSS is what is resident, VmHWM the peak
/// of it.
inline double resident_mebibytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) {
      return std::stod(line.substr(name.size() + 1)) / 1024.0;
    }
  }
  TORCH_CHECK(false, "bench: no ", name, " in /proc/self/status");
}

/// The peak begins anew from what is resident now.
inline void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << 5;
}

}  // namespace lightly::bench
