// Fuzzes the whole loading of a model: small ONNX files, made of the fuzzer's bytes, are loaded with OpenVINO and run
// once, on a small stack. Built with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer by scripts/fuzz.
#include <cstdint>
#include <cstdlib>
#include <new>

#include "graph_generator.hpp"
#include "support/temp_dir.hpp"

// A machine without memory for what a graph says that it needs: AddressSanitizer would end the process there.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  constexpr std::size_t kMost = std::size_t{2} << 30U;
  return size > kMost ? nullptr : std::malloc(size > 0 ? size : 1);
}
void* operator new(std::size_t size) {
  if (void* const memory = operator new(size, std::nothrow)) {
    return memory;
  }
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const trtyolo::test::TempDir folder;
  constexpr std::size_t kStack = std::size_t{1} << 20U;
  trtyolo::test::loadAndPredict(trtyolo::test::generateModel({bytes, size}), folder / "", kStack);
  return 0;
}
