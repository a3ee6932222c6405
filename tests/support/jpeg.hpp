// A JPEG file that the usual encoders do not write.
#pragma once

#include <vector>

namespace trtyolo::test {

/// 8 x 8 grey pixels with 12 bits each, in the extended sequential process: one block, whose values are all 0.
inline std::vector<unsigned char> jpegOf12Bits() {
  std::vector<unsigned char> bytes{0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0};  // the beginning, and a table of quantization
  bytes.insert(bytes.end(), 64, 1);
  const auto add = [&](const std::vector<unsigned char>& more) { bytes.insert(bytes.end(), more.begin(), more.end()); };
  add({0xFF, 0xC1, 0, 11, 12, 0, 8, 0, 8, 1, 1, 0x11, 0});  // the frame
  for (const unsigned char table : {0x00, 0x10}) {          // of DC and AC: one code, of one bit, for 0
    add({0xFF, 0xC4, 0, 20, table, 1});
    bytes.insert(bytes.end(), 15 + 1, 0);
  }
  add({0xFF, 0xDA, 0, 8, 1, 1, 0x00, 0, 63, 0, 0x3F, 0xFF, 0xD9});  // the scan: no difference, end of block
  return bytes;
}

}  // namespace trtyolo::test
