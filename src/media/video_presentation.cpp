#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "media/video_packets.hpp"

namespace lightly::media {
namespace {

using bitstream::PictureKind;
using bitstream::PictureOrder;

using Order = std::vector<std::int32_t>;

bool is_key(const ScannedPacket& packet) {
  return packet.picture.is_key && packet.picture.is_shown;
}

// Sorted by pts, or nothing when a pts is missing or there twice.
std::optional<Order> by_time(const PacketScan& scan, Order order) {
  const auto pts = [&](std::int32_t i) { return scan.packets[i].packet.pts; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return pts(a) < pts(b); });
  const bool is_missing = !order.empty() && pts(order.front()) == VideoPacket::kUnknown;
  const auto same = std::adjacent_find(
      order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return pts(a) == pts(b); });
  return is_missing || same != order.end() ? std::nullopt : std::optional(std::move(order));
}

Order by_number(const PacketScan& scan, Order order) {
  const auto number = [&](std::int32_t i) {
    return std::pair(scan.packets[i].period, scan.packets[i].number);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return number(a) < number(b); });
  return order;
}

// A B-picture is shown at once, another when the next such comes.
Order by_kind(const PacketScan& scan, const Order& decoded) {
  Order order;
  order.reserve(decoded.size());
  std::optional<std::int32_t> held;
  for (const std::int32_t i : decoded) {
    if (scan.packets[i].picture.kind == PictureKind::kBidirectional) {
      order.push_back(i);
    } else if (const auto shown = std::exchange(held, i)) {
      order.push_back(*shown);
    }
  }
  if (held.has_value()) {
    order.push_back(*held);
  }
  return order;
}

// H.264 that begins with a recovery point: the pictures shown before it are not whole.
void drop_unrecovered(const PacketScan& scan, std::int32_t first_key, Order& order) {
  if (scan.order == PictureOrder::kNumber && !scan.packets[first_key].picture.starts_period) {
    order.erase(order.begin(), std::find(order.begin(), order.end(), first_key));
  }
}

// Whether the decoder gives nothing for what comes before the first key, as is known of these.
bool waits_for_key(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_VP8:
    case AV_CODEC_ID_VP9:
      return true;
    default:
      return false;
  }
}

}  // namespace

Presentation present(const PacketScan& scan, AVCodecID codec) {
  Presentation result{.is_suspicious = scan.is_damaged};
  const auto first = std::find_if(scan.packets.begin(), scan.packets.end(), is_key);
  if (first == scan.packets.end()) {
    result.is_suspicious = true;
    return result;
  }
  const auto first_key = static_cast<std::int32_t>(first - scan.packets.begin());
  result.is_suspicious = result.is_suspicious || (first_key > 0 && !waits_for_key(codec));
  Order decoded;
  decoded.reserve(scan.packets.size());
  for (std::size_t i = static_cast<std::size_t>(first_key); i < scan.packets.size(); ++i) {
    if (scan.packets[i].picture.is_shown) {
      decoded.push_back(static_cast<std::int32_t>(i));
    }
  }
  switch (scan.order) {
    case PictureOrder::kDecoding:
      result.packets = std::move(decoded);
      break;
    case PictureOrder::kKind:
      result.packets = by_kind(scan, decoded);
      break;
    case PictureOrder::kNumber:
    case PictureOrder::kTime:
      if (std::optional<Order> order = by_time(scan, decoded)) {
        result.packets = *std::move(order);
      } else if (scan.has_numbers) {
        result.packets = by_number(scan, std::move(decoded));
      } else {
        result.packets = std::move(decoded);
        result.needs_numbers = scan.order == PictureOrder::kNumber;
        result.is_suspicious = true;
      }
      break;
  }
  drop_unrecovered(scan, first_key, result.packets);
  return result;
}

}  // namespace lightly::media
