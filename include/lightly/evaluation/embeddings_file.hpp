#pragma once

#include <filesystem>

#include "lightly/evaluation/embeddings.hpp"

namespace lightly::evaluation {

/// How a number is written: as `str(numpy.float32(x))`, the shortest decimal that is the same
/// float32 again, with an exponent below 1e-4 and from a limit on that numpy changed.
enum class NumpyFloatText {
  /// From 1e16 on: 16777216.0.
  kUpTo2_2,
  /// numpy 2.3 and later, from 1e6 on: 1.6777216e+07.
  kSince2_3,
};

struct SaveEmbeddingsOptions {
  /// The file is that of Python's lightly with this numpy, byte for byte.
  NumpyFloatText numbers = NumpyFloatText::kUpTo2_2;
};

/// Writes the embeddings as a CSV file of Python's lightly, through core::AtomicFile:
///
///     filenames,embedding_0,embedding_1,labels
///     "a/1,2.png",0.33333334,1e-05,0
///
/// Lines end with \r\n; a name with a comma, a quote or a line end is quoted. As lightly 1.1 and
/// 1.6: save_embeddings, which write the same of float32 numbers. Throws c10::ValueError unless
/// features are float32 [N, D] with D >= 1, labels int64 [N] and there are N file names; c10::Error
/// that names the file when it cannot be written.
void save_embeddings(const std::filesystem::path& path, const Embeddings& embeddings,
                     const SaveEmbeddingsOptions& options = {});

/// Reads a CSV file that save_embeddings or Python's lightly wrote.
///
/// Lines may end with \n or \r\n and the file may begin with a byte order mark. Each number becomes
/// the nearest float32: exactly what was saved, or, of float64 numbers that lightly 1.6 was given,
/// rounded once. As lightly 1.1: load_embeddings, which gives float32 too (1.6: float64). Differs:
/// strict. Throws c10::Error with the file, and the line where there is one, for a header other
/// than that of save_embeddings, a line with more or fewer fields, a number or label that is none
/// or out of range, text behind a quoted name, a quote that is not closed, and a file without rows;
/// nothing is allocated that the file has no bytes for. There is no load_embeddings_as_dict: what
/// it gives, made for the upload to lightly's server, is all in Embeddings.
Embeddings load_embeddings(const std::filesystem::path& path);

}  // namespace lightly::evaluation
