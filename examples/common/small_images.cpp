#include "common/small_images.hpp"

#include <future>
#include <memory>
#include <vector>

#include <c10/util/Exception.h>

#include "lightly/data/cifar10.hpp"
#include "lightly/data/download.hpp"
#include "lightly/data/idx_dataset.hpp"

namespace lightly::examples {
namespace {

namespace fs = std::filesystem;

const fs::path kFashionMnist = "/usr/share/datasets/fashion-mnist";

// The two halves are read at the same time.
template <typename Load>
SmallImages load_both(std::string name, const Load& load) {
  auto train = std::async(std::launch::async, [&] { return load(data::Split::kTrain); });
  data::DatasetPtr test = load(data::Split::kTest);
  return {.name = std::move(name), .train = train.get(), .test = std::move(test)};
}

SmallImages load_cifar10(const fs::path& root) {
  return load_both("CIFAR-10", [&](data::Split split) -> data::DatasetPtr {
    return std::make_shared<data::Cifar10>(data::Cifar10Options{.root = root, .split = split});
  });
}

SmallImages load_idx(const std::string& name, const fs::path& folder) {
  return load_both(name, [&](data::Split split) -> data::DatasetPtr {
    return std::make_shared<data::IdxDataset>(data::IdxDataset::mnist(folder, split));
  });
}

bool holds_idx(const fs::path& folder) {
  return fs::exists(folder / "train-images-idx3-ubyte") ||
         fs::exists(folder / "train-images-idx3-ubyte.gz");
}

void download(const fs::path& archive, std::ostream& out) {
  std::int64_t shown_mb = 0;
  const auto progress = [&](std::int64_t received, std::int64_t total) {
    constexpr std::int64_t kMegabyte = 1'000'000;
    constexpr std::int64_t kStepMb = 10;
    if (const std::int64_t mb = received / kMegabyte; mb >= shown_mb + kStepMb) {
      shown_mb = mb;
      out << "data: " << mb << " of " << total / kMegabyte << " MB" << std::endl;
    }
  };
  data::download(data::Cifar10::kUrl, archive, {.md5 = data::Cifar10::kMd5, .progress = progress});
}

}  // namespace

SmallImages load_small_images(const fs::path& folder, std::ostream& out) {
  if (!folder.empty()) {
    TORCH_CHECK(fs::exists(folder), "--data: no such file or folder: ", folder.string());
    out << "data: " << folder.string() << '\n';
    // "fashion/" and "fashion" have the same name.
    const std::string name = (fs::absolute(folder) / "").parent_path().filename().string();
    return holds_idx(folder) ? load_idx(name, folder) : load_cifar10(folder);
  }
  const fs::path archive = "data/cifar-10-binary.tar.gz";
  for (const fs::path& root : {fs::path("data/cifar-10-batches-bin"), archive,
                               fs::path("data/cifar-10-batches-bin.tar.xz")}) {
    if (fs::exists(root)) {
      out << "data: CIFAR-10 from " << root.string() << '\n';
      return load_cifar10(root);
    }
  }
  try {
    out << "data: downloading " << data::Cifar10::kUrl << " (170 MB)" << std::endl;
    fs::create_directories("data");
    download(archive, out);
    return load_cifar10(archive);
  } catch (const c10::Error& error) {
    out << "data: " << error.what_without_backtrace() << '\n';
  } catch (const fs::filesystem_error& error) {  // data/ cannot be made
    out << "data: " << error.what() << '\n';
  }
  TORCH_CHECK(holds_idx(kFashionMnist),
              "no data: put CIFAR-10's binary version under data/, or install the Debian package "
              "dataset-fashion-mnist, or name a folder with --data");
  out << "data: Fashion-MNIST from " << kFashionMnist.string() << '\n';
  return load_idx("Fashion-MNIST", kFashionMnist);
}

}  // namespace lightly::examples
