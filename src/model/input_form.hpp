// The network's input, and what is written to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/metadata.hpp"

namespace trtyolo {

struct InputForm {
  int channels = 3;           // of the tensor; or 1
  bool channelsLast = false;  // [batch, height, width, channels]
  bool bytes = false;         // the tensor is u8
  bool whole = false;         // its values are 0 to 255, where others have 0 to 1
  bool grey = false;          // images are made grey before they are scaled; all channels are the same

  // What every backend can write: f32 or f16 [batch, 3, height, width].
  bool usual() const { return channels == 3 && !channelsLast && !bytes; }
};

// The form of this tensor; nothing if no image can be written to it.
std::optional<InputForm> inputFormOf(const TensorInfo& tensor);

// The entry of the metadata that says what is written to an input that withUsualInput() has made: of "whole" and "grey"
// those that apply, with a space between them.
inline constexpr const char* kInputForm = "trtyolo_input";

// An ONNX file of the same network behind an input f32 or f16 [batch, 3, height, width], for backends that write no
// other: its first nodes take these values to the form that the network has. Whole numbers are rounded (halves to
// even), since they may come from arithmetic of real ones; they stay real numbers, with which the network computes just
// as it would with bytes. Nothing if the input is of that form already, or is none that an image can be written to.
std::optional<std::string> withUsualInput(std::string_view onnx);

}  // namespace trtyolo
