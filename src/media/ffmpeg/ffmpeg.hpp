// FFmpeg's headers, its handles as owners, its errors in words.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <new>
#include <string>

namespace trtyolo::media {

// For functions that take the address of the handle.
template <auto release>
struct Releaser {
  template <typename Handle>
  void operator()(Handle* handle) const {
    release(&handle);
  }
};

using Frame = std::unique_ptr<AVFrame, Releaser<av_frame_free>>;
using Packet = std::unique_ptr<AVPacket, Releaser<av_packet_free>>;
using CodecContext = std::unique_ptr<AVCodecContext, Releaser<avcodec_free_context>>;
using BufferRef = std::unique_ptr<AVBufferRef, Releaser<av_buffer_unref>>;

struct ScalerReleaser {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};
using Scaler = std::unique_ptr<SwsContext, ScalerReleaser>;

// A file that is written to by its context.
struct OutputCloser {
  void operator()(AVFormatContext* output) const {
    avio_closep(&output->pb);
    avformat_free_context(output);
  }
};
using Output = std::unique_ptr<AVFormatContext, OutputCloser>;

// Throws std::bad_alloc instead of giving null.
template <typename Owner>
Owner made(typename Owner::pointer handle) {
  if (!handle) {
    throw std::bad_alloc();
  }
  return Owner(handle);
}

inline Frame makeFrame() {
  return made<Frame>(av_frame_alloc());
}

// FFmpeg writes nothing to standard error, unless somebody has set how much it should.
inline void beQuiet() {
  if (av_log_get_level() == AV_LOG_INFO) {
    av_log_set_level(AV_LOG_QUIET);
  }
}

// "Connection refused".
inline std::string wordsOf(int error) {
  char words[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, words, sizeof(words));
  return words;
}

}  // namespace trtyolo::media
