// Fuzzes the whole loading of a model: small ONNX files, made of the fuzzer's bytes, are loaded with OpenVINO and run
// once, on a small stack. Built with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer by scripts/fuzz.
#include <cstdint>
#include <cstdlib>

#include "graph_generator.hpp"
#include "support/temp_dir.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const trtyolo::test::TempDir folder;
  constexpr std::size_t kStack = std::size_t{1} << 20U;
  trtyolo::test::loadAndPredict(trtyolo::test::generateModel({bytes, size}), folder / "", kStack);
  return 0;
}
