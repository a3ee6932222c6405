// What comes through a pipe, for FFmpeg, whose own way of reading one waits for ever.
#pragma once

#include <optional>
#include <string>

#include "media/ffmpeg/ffmpeg.hpp"
#include "media/ffmpeg/patience.hpp"

namespace trtyolo::media {

class PipeInput {
 public:
  // Standard input for "-" and "pipe:", a descriptor for "pipe:3", or the path of a pipe or another file that is not a
  // regular one. `patience` outlives this. Throws VideoError.
  PipeInput(const std::string& source, Patience& patience);
  ~PipeInput();
  PipeInput(const PipeInput&) = delete;
  PipeInput& operator=(const PipeInput&) = delete;

  static bool isPipe(const std::string& source);

  AVIOContext* context() const { return context_; }

 private:
  static int readPacket(void* self, std::uint8_t* bytes, int size);
  int read(std::uint8_t* bytes, int size);

  Patience& patience_;
  int descriptor_ = -1;
  bool owned_ = false;
  AVIOContext* context_ = nullptr;
};

}  // namespace trtyolo::media
