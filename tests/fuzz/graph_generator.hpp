// Small ONNX files made of any bytes: of the nodes that the reader looks at, mostly of shapes that fit together, some
// with what no exporter writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace trtyolo::test {

struct GeneratedModel {
  std::string onnx;
  std::string weights;  // of the file "w.bin" beside it
};

// The same bytes always give the same file.
GeneratedModel generateModel(std::span<const std::uint8_t> bytes);

// Writes the files into a folder, loads the model and predicts one picture, in a thread whose stack is `stackBytes`.
// Errors of the library are good answers; any other exception ends the process, and so does a result that contradicts
// itself. True if the network has run.
bool loadAndPredict(const GeneratedModel& model, const std::string& folder, std::size_t stackBytes);

}  // namespace trtyolo::test
