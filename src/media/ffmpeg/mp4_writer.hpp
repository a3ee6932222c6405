// Images as the frames of an MP4 file. A part that the program links; the library has none of it.
#pragma once

#include <memory>
#include <string>

#include "trtyolo/image.hpp"

namespace trtyolo::media {

// Encodes H.264 by NVENC where FFmpeg has it and it can be opened on this machine, else MPEG-4 Part 2. For one thread.
// The file grows by a fragment a second, each with its own index: what is there can be read if the process is killed.
// Whatever fails throws std::runtime_error with the reason, which does not name the file.
class Mp4Writer {
 public:
  // `rate`: frames a second. Of an odd width or height the last column or row is left out.
  Mp4Writer(const std::string& file, int width, int height, double rate);
  ~Mp4Writer();
  Mp4Writer(const Mp4Writer&) = delete;
  Mp4Writer& operator=(const Mp4Writer&) = delete;

  // 8-bit BGR of that size, in host memory, for `times` frames in sequence.
  void write(const Image& image, long times);
  // To be called once, after the last frame. Writes the video to another file, `whole`, with one index of all frames,
  // which players find their way by.
  void finish(const std::string& whole);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trtyolo::media
