// A source of video, opened: the packets of its video stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "media/ffmpeg/ffmpeg.hpp"
#include "media/ffmpeg/patience.hpp"
#include "media/ffmpeg/pipe_input.hpp"
#include "trtyolo/video.hpp"

namespace trtyolo::media {

class Input {
 public:
  // Throws what VideoReader's constructor throws. `patience` outlives this.
  Input(const std::string& source, const VideoOption& option, Patience& patience);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  const std::string& name() const { return name_; }  // for messages
  const AVStream& stream() const { return *context_->streams[stream_]; }
  bool isFile() const { return file_; }  // a regular one, which is never silent
  double fps() const;                    // 0: not known
  double duration() const;               // seconds; 0: not known
  std::int64_t frames() const;           // 0: not known
  std::int64_t mostPixels() const;       // of a frame
  // Throws VideoError if frames of this size have more.
  void requireRoom(int width, int height) const;

  // The next packet of the video; false at the end. Throws VideoError and its children.
  bool read(AVPacket& packet);

 private:
  void open(const std::string& source, const VideoOption& option);
  void findStream();
  [[noreturn]] void fail(const std::string& reason) const;

  std::string name_;
  Patience& patience_;
  const std::size_t mostBytes_;
  std::unique_ptr<PipeInput> pipe_;
  AVFormatContext* context_ = nullptr;
  unsigned stream_ = 0;
  bool file_ = false, empty_ = false;
};

}  // namespace trtyolo::media
