#pragma once

#include <cstdint>
#include <limits>

/// Tiles of products between the rows of two float32 matrices: what NT-Xent, the memory bank and
/// nearest neighbours have in common. Pointers, sizes and strides (in elements); no allocation.
/// Every function runs the best code there is for the processor.
namespace lightly::core::kernels {

/// Rows of a panel and columns of a slice.
inline constexpr std::int64_t kPanel = 32;

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The smallest multiple of kPanel that is >= count.
constexpr std::int64_t padded(std::int64_t count) {
  return (count + kPanel - 1) / kPanel * kPanel;
}

/// A matrix [rows, columns] in memory.
struct Rows {
  const float* values;
  std::int64_t count;
  std::int64_t depth;
  std::int64_t stride;
};

/// Copies the rows into panels [padded(count) / kPanel][depth][kPanel], what multiply_tile() takes;
/// rows that are missing in the last one are 0.
void pack_panels(const Rows& rows, float* panels);

/// Copies the rows into slices [padded(depth) / kPanel][slice_rows][kPanel], what
/// add_weighted_rows() takes; columns that are missing in the last one are 0, rows beyond count are
/// left as they are.
void pack_slices(const Rows& rows, std::int64_t slice_rows, float* slices);

/// A block of a product.
struct Tile {
  float* values;
  /// Multiples of kPanel.
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t stride;
};

/// tile[i][j] = the dot product of row i of the panels `left` and row j of `right`.
void multiply_tile(const float* left, const float* right, std::int64_t depth, const Tile& tile);

/// Which side of a tile is summed over.
enum class Sum { kColumns, kRows };

/// What add_weighted_rows() adds to.
struct WeightedSum {
  /// [tile.rows or tile.columns, >= padded(depth)], rows `stride` apart.
  float* values;
  std::int64_t stride;
  /// Slices of the depth.
  std::int64_t slices;
  /// From one slice of the summands to the next, in elements.
  std::int64_t slice_stride;
};

/// Adds to every row i of `sum` the rows j of `summands` times tile[i][j] (kColumns), or to every
/// row j the rows i (kRows).
void add_weighted_rows(const Tile& tile, Sum over, const float* summands, const WeightedSum& sum);

/// Rows shorter than this are divided by it instead of by their length, as in torch's `normalize`.
inline constexpr float kSmallestLength = 1e-12F;

/// What normalize_rows() writes: [count, depth], rows `stride` apart, and the lengths [count].
struct NormalizedRows {
  float* values;
  std::int64_t stride;
  float* lengths;
};

/// Each row times scale / length.
void normalize_rows(const Rows& rows, float scale, const NormalizedRows& out);

/// A gradient by rows of length 1, [count, depth], rows `stride` apart, and where that by the rows
/// goes that were normalized, [count, depth] without gaps.
struct UnitGradient {
  const float* values;
  std::int64_t stride;
  float* out;
};

/// out = scale * (gradient - unit (unit . gradient)) / length for each row.
void unnormalize_gradient(const Rows& units, const float* lengths, float scale,
                          const UnitGradient& gradient);

/// The running maximum and sum of exponentials of each row (or column) of a matrix that comes in
/// tiles; log-sum-exp = maxima + log(sums). Starts as -infinity and 0.
struct LogSumExp {
  float* maxima;
  double* sums;
};

/// Adds the first `count` rows of the tile.
void add_rows(const Tile& tile, std::int64_t count, const LogSumExp& to);

/// Adds the columns of the first `count` rows of the tile; all `tile.columns` of `to` are written.
void add_columns(const Tile& tile, std::int64_t count, const LogSumExp& to);

/// As add_rows(); the tile becomes exp(tile - new maxima) and `factors` [count] what sums taken
/// before are to be multiplied by.
void add_rows_in_place(const Tile& tile, std::int64_t count, const LogSumExp& to, float* factors);

/// The logarithms of the sums of exponentials of the rows and columns of a tile.
struct LogSums {
  const float* of_rows;
  const float* of_columns;
};

/// out[i][j] = exp(similarities[i][j] - of_rows[i]) + exp(similarities[i][j] - of_columns[j]);
/// `similarities` has the stride of `out` and may be its values.
void two_sided_softmax(const float* similarities, const LogSums& log_sums, const Tile& out);

/// Where sums over the rows and columns of a tile are added.
struct TileSums {
  double* of_rows;
  /// Null to leave these out.
  double* of_columns;
};

/// The first `count` rows of the tile become exp(tile - shift), and their sums are added. For tiles
/// that no value of which is above shift + 1; far below, exp(-87) and less are 0.
void exponentiate(const Tile& tile, std::int64_t count, float shift, const TileSums& to);

/// A factor for each row and column of a tile.
struct TileFactors {
  const float* of_rows;
  const float* of_columns;
};

/// out[i][j] = exponentials[i][j] * (of_rows[i] + of_columns[j]); `exponentials` has the stride of
/// `out` and may be its values.
void weigh_exponentials(const float* exponentials, const TileFactors& factors, const Tile& out);

/// As weigh_exponentials() of exp(similarities - shift), for similarities as in exponentiate().
void weigh_similarities(const float* similarities, float shift, const TileFactors& factors,
                        const Tile& out);

/// Candidates to be the largest of a row, in room for all that one call may add.
struct Candidates {
  float* values;
  std::uint32_t* columns;
  std::int64_t count;
};

/// Appends the values of row[0, columns) that are above `threshold`, with first_column + their
/// place, in their order; returns the new count. NaN is never above.
std::int64_t append_above(const float* row, std::int64_t columns, float threshold,
                          std::uint32_t first_column, const Candidates& to);

/// Keeps the k largest values, 1 <= k <= count and none of them NaN, with their columns and in
/// their order; of equal ones the first. Returns the smallest that is kept.
float keep_largest(const Candidates& candidates, std::int64_t k);

}  // namespace lightly::core::kernels
