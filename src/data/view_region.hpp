#pragma once

#include <cstdint>
#include <optional>

#include <c10/util/SmallVector.h>

#include "lightly/core/random.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/data/decode.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/media/encoded_image.hpp"
#include "lightly/transforms/image_view.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::data {

/// What the views of an encoded sample show: drawn from the size in the header, so that only that
/// region is decoded.
class ViewRegion {
 public:
  /// `sample` must be encoded.
  ViewRegion(const BaseCollateFunction& collate, const Sample& sample, const core::RandomKey& key);

  /// The smallest part that all views can be made of.
  media::ImagePart decode(const media::EncodedImage& image, Decode mode) const;

  /// The choices of view `view` for the pixels of `part`; nothing when it draws them itself, from
  /// the whole image.
  std::optional<transforms::ImageView::Params> params(std::int64_t view,
                                                      const media::ImagePart& part) const;

 private:
  struct View {
    std::optional<transforms::ImageView::Params> params;
    transforms::Size size = 0;

    const transforms::Box& crop() const { return params.value().crop; }
  };

  std::int64_t reduction() const;

  c10::SmallVector<View, 8> views_;
  /// Whether every view's crop is known.
  bool is_known_ = true;
};

}  // namespace lightly::data
