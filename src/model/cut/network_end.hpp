// The end of a network, from its last convolutions to its outputs, in whatever format the network came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "model/cut/onnx_array.hpp"

namespace trtyolo {

struct LastConvolution {
  std::string output;  // name of the value that it gives
  int channels = 0;
};

// What an end is computed of.
struct EndInput {
  static constexpr std::size_t kImage = static_cast<std::size_t>(-1);

  std::int64_t batch = 1, height = 0, width = 0;  // of the network's input
  std::vector<OnnxArray> convolutions;            // [batch, channels, rows, columns] each

  // The sides of a value on the grid of a convolution, or of the input (kImage).
  std::vector<std::int64_t> sidesOn(std::size_t grid) const {
    constexpr std::int64_t kChannels = 3;  // of the input; of others nobody asks
    return grid == kImage
               ? std::vector<std::int64_t>{batch, kChannels, height, width}
               : std::vector<std::int64_t>{batch, kChannels, convolutions[grid].shape[2], convolutions[grid].shape[3]};
  }
};

// Whether sets have an element in common; `setOf(i)` gives that of `members[i]`.
template <typename SetOf>
bool haveCommon(const std::vector<std::size_t>& members, const SetOf& setOf) {
  auto common = setOf(members[0]);
  for (const std::size_t member : members) {
    const auto other = setOf(member);
    std::erase_if(common, [&](const auto& element) { return other.count(element) == 0; });
  }
  return !common.empty();
}

inline constexpr std::size_t kMostConvolutions = 32;
inline constexpr std::size_t kMostElements = std::size_t{1} << 26U;  // of an array

// Why an end cannot be told.
inline constexpr const char* kNoConvolutions = "its outputs do not come from convolutions";
inline constexpr const char* kPixelsOtherwise = "its outputs depend on the pixels otherwise than by convolutions";
inline constexpr const char* kTooManyConvolutions = "it has too many last convolutions";
inline constexpr const char* kTooMuch = "there is too much behind its last convolutions";

// One thread at a time.
class NetworkEnd {
 public:
  NetworkEnd() = default;
  virtual ~NetworkEnd() = default;
  NetworkEnd(const NetworkEnd&) = delete;
  NetworkEnd& operator=(const NetworkEnd&) = delete;

  // In the order in which they are met on the way back from the outputs: of nodes with several inputs, the first first.
  const std::vector<LastConvolution>& convolutions() const { return convolutions_; }
  // The end cannot be told, in words; empty if it can.
  const std::string& why() const { return why_; }

  // Whether these convolutions, by their places, have a value before them in common that lies on their grid.
  virtual bool shareGrid(const std::vector<std::size_t>& convolutions) const = 0;
  // Whether its constants are rounded to f16.
  virtual bool half() const = 0;
  // What the network's outputs are, in the order that this was made with. Throws NotComputable. All calls together may
  // compute so many elements only.
  virtual std::vector<OnnxArray> compute(const EndInput& input) = 0;

 protected:
  std::vector<LastConvolution> convolutions_;
  std::string why_;
};

}  // namespace trtyolo
