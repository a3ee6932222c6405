// Videos for the tests, made by FFmpeg's own encoders.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "media/ffmpeg/ffmpeg.hpp"

extern "C" {
#include <libavutil/display.h>
#include <libavutil/opt.h>
}

namespace trtyolo::test {

struct VideoSettings {
  const char* codec = "ffv1";  // lossless
  AVPixelFormat format = AV_PIX_FMT_YUV420P;
  int width = 64, height = 48;
  int frames = 10;
  int gop = 5;
  double turn = 0;  // by which players are to turn it, in degrees clockwise
  bool mirrored = false;
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  AVColorRange range = AVCOL_RANGE_UNSPECIFIED;
  AVRational unit = {1, 1000};  // seconds
  // When frame i is shown, in these.
  std::function<std::int64_t(int)> time = [](int i) { return std::int64_t{40} * i; };
};

inline void checkFfmpeg(int status, const char* doing) {
  if (status < 0) {
    throw std::runtime_error(std::string(doing) + ": " + media::wordsOf(status));
  }
}

// Sample x, y of a plane of frame i: so that frames, planes and places differ, and codecs have little to do.
inline std::uint8_t sampleOf(int plane, int i, int x, int y) {
  return static_cast<std::uint8_t>(40 + 30 * plane + 5 * i % 60 + x + 2 * y);
}

inline void fillFrame(AVFrame& frame, int i) {
  const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  const bool deep = format.comp[0].depth > 8;
  for (int plane = 0; plane < av_pix_fmt_count_planes(static_cast<AVPixelFormat>(frame.format)); ++plane) {
    const int bytes = av_image_get_linesize(static_cast<AVPixelFormat>(frame.format), frame.width, plane);
    const int rows = plane == 0 ? frame.height : AV_CEIL_RSHIFT(frame.height, format.log2_chroma_h);
    for (int y = 0; y < rows; ++y) {
      std::uint8_t* const row = frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane];
      for (int x = 0; x < bytes; ++x) {  // of deep formats only the lowest two bits of the upper byte
        row[x] =
            deep && x % 2 == 1 ? static_cast<std::uint8_t>(sampleOf(plane, i, x, y) % 4) : sampleOf(plane, i, x, y);
      }
    }
  }
}

// Writes a video; its container is what the suffix of `file` says. False if FFmpeg has no such encoder here.
inline bool writeVideo(const std::string& file, const VideoSettings& settings) {
  const AVCodec* const codec = avcodec_find_encoder_by_name(settings.codec);
  if (!codec) {
    return false;
  }
  AVFormatContext* output = nullptr;
  checkFfmpeg(avformat_alloc_output_context2(&output, nullptr, nullptr, file.c_str()), "container");
  const media::CodecContext context(avcodec_alloc_context3(codec));
  context->width = settings.width;
  context->height = settings.height;
  context->pix_fmt = settings.format;
  context->time_base = settings.unit;
  context->framerate = {25, 1};
  context->gop_size = settings.gop;
  context->thread_count = 1;
  context->colorspace = settings.matrix;
  context->color_range = settings.range;
  context->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
  av_opt_set(context->priv_data, "x265-params", "log-level=none", 0);
  if ((output->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
    context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  }
  checkFfmpeg(avcodec_open2(context.get(), codec, nullptr), "encoder");
  AVStream* const stream = avformat_new_stream(output, nullptr);
  checkFfmpeg(avcodec_parameters_from_context(stream->codecpar, context.get()), "parameters");
  stream->time_base = context->time_base;
  stream->avg_frame_rate = context->framerate;
  if (settings.turn != 0 || settings.mirrored) {
    auto* const matrix = reinterpret_cast<std::int32_t*>(
        av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(std::int32_t)));
    av_display_rotation_set(matrix, settings.turn);
    av_display_matrix_flip(matrix, settings.mirrored ? 1 : 0, 0);
  }
  checkFfmpeg(avio_open(&output->pb, file.c_str(), AVIO_FLAG_WRITE), "file");
  checkFfmpeg(avformat_write_header(output, nullptr), "header");
  const media::Packet packet(av_packet_alloc());
  for (int i = 0; i <= settings.frames; ++i) {
    media::Frame frame;
    if (i < settings.frames) {
      frame = media::makeFrame();
      frame->format = settings.format;
      frame->width = settings.width;
      frame->height = settings.height;
      checkFfmpeg(av_frame_get_buffer(frame.get(), 0), "frame");
      fillFrame(*frame, i);
      frame->pts = settings.time(i);
    }
    checkFfmpeg(avcodec_send_frame(context.get(), frame.get()), "encoding");
    while (avcodec_receive_packet(context.get(), packet.get()) == 0) {
      av_packet_rescale_ts(packet.get(), context->time_base, stream->time_base);
      packet->duration = 0;
      checkFfmpeg(av_interleaved_write_frame(output, packet.get()), "writing");
    }
  }
  checkFfmpeg(av_write_trailer(output), "trailer");
  avio_closep(&output->pb);
  avformat_free_context(output);
  return true;
}

}  // namespace trtyolo::test
