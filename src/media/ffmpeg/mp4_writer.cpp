#include "media/ffmpeg/mp4_writer.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

extern "C" {
#include <libavutil/opt.h>
}

#include "media/ffmpeg/ffmpeg.hpp"

namespace trtyolo::media {
namespace {

void check(int error) {
  if (error == AVERROR(ENOMEM)) {
    throw std::bad_alloc();
  }
  if (error < 0) {
    throw std::runtime_error(wordsOf(error));
  }
}

struct Encoding {
  int width, height;
  AVRational rate;
};

struct Encoder {
  const char* name;
  void (*choose)(AVCodecContext& context);  // quality and speed
};

// The first that this machine has.
const Encoder kEncoders[] = {
    {"h264_nvenc",
     [](AVCodecContext& context) {
       context.bit_rate = 0;  // as many as the quality takes
       context.max_b_frames = 0;
       av_opt_set(context.priv_data, "preset", "p4", 0);
       av_opt_set(context.priv_data, "rc", "vbr", 0);
       av_opt_set(context.priv_data, "cq", "23", 0);
     }},
    // H.264 on the CPU would give half the size, but takes ten times as long, which the clones would lack. A bit for
    // each pixel is more than most frames take, so that drawn lines and text stay sharp.
    {"mpeg4",
     [](AVCodecContext& context) {
       constexpr int kFinest = 3, kKeyFrameEvery = 12;
       const double bits = av_q2d(context.framerate) * context.width * context.height;
       context.bit_rate = static_cast<std::int64_t>(std::min(bits, std::numeric_limits<int>::max() / 2.0));
       context.qmin = kFinest;
       context.gop_size = kKeyFrameEvery;
     }},
};

// Null, and FFmpeg's error, if it cannot be opened.
CodecContext open(const Encoder& encoder, const Encoding& encoding, bool headerApart, int& error) {
  const AVCodec* const codec = avcodec_find_encoder_by_name(encoder.name);
  if (!codec) {
    error = AVERROR_ENCODER_NOT_FOUND;
    return nullptr;
  }
  auto context = made<CodecContext>(avcodec_alloc_context3(codec));
  context->width = encoding.width;
  context->height = encoding.height;
  context->framerate = encoding.rate;
  context->time_base = av_inv_q(encoding.rate);
  context->pix_fmt = AV_PIX_FMT_YUV420P;
  context->colorspace = AVCOL_SPC_SMPTE170M;  // libswscale's, which players would not take large frames to have
  context->color_range = AVCOL_RANGE_MPEG;
  if (headerApart) {
    context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  }
  encoder.choose(*context);
  error = avcodec_open2(context.get(), codec, nullptr);
  return error < 0 ? nullptr : std::move(context);
}

CodecContext openFirst(const Encoding& encoding, bool headerApart) {
  int error = 0;
  for (const Encoder& encoder : kEncoders) {
    if (CodecContext context = open(encoder, encoding, headerApart, error)) {
      return context;
    }
  }
  throw std::runtime_error("FFmpeg cannot encode frames of " + std::to_string(encoding.width) + " x " +
                           std::to_string(encoding.height) + " pixels: " + wordsOf(error));
}

Frame frameOf(AVPixelFormat format, int width, int height) {
  Frame frame = makeFrame();
  frame->format = format;
  frame->width = width;
  frame->height = height;
  check(av_frame_get_buffer(frame.get(), 0));
  return frame;
}

struct InputCloser {
  void operator()(AVFormatContext* input) const { avformat_close_input(&input); }
};
using Input = std::unique_ptr<AVFormatContext, InputCloser>;

Input openInput(const std::string& file) {
  AVFormatContext* input = nullptr;
  check(avformat_open_input(&input, ("file:" + file).c_str(), nullptr, nullptr));
  return Input(input);
}

Output createOutput(const std::string& file) {
  AVFormatContext* output = nullptr;
  check(avformat_alloc_output_context2(&output, nullptr, "mp4", nullptr));
  Output owner(output);
  check(avio_open(&output->pb, ("file:" + file).c_str(), AVIO_FLAG_WRITE));  // a name with a colon is no URL
  return owner;
}

void writeFragmentHeader(AVFormatContext& output) {
  AVDictionary* options = nullptr;
  check(av_dict_set(&options, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0));
  const int set = av_dict_set_int(&options, "frag_duration", AV_TIME_BASE, 0);
  const int written = set < 0 ? set : avformat_write_header(&output, &options);
  av_dict_free(&options);
  check(written);
}

// The one video of a file, as it is, with one index. `written`: the stream as which it was written, since a file tells
// less of it before it is decoded.
void copyVideo(const std::string& from, const std::string& to, const AVStream& written) {
  const Input input = openInput(from);
  if (input->nb_streams != 1) {
    throw std::runtime_error("what was written cannot be read back");
  }
  const Output output = createOutput(to);
  const AVStream& source = *input->streams[0];
  AVStream* const stream = avformat_new_stream(output.get(), nullptr);
  if (!stream) {
    throw std::bad_alloc();
  }
  check(avcodec_parameters_copy(stream->codecpar, written.codecpar));
  stream->codecpar->codec_tag = 0;
  stream->time_base = source.time_base;
  stream->avg_frame_rate = written.avg_frame_rate;
  check(avformat_write_header(output.get(), nullptr));
  const auto packet = made<Packet>(av_packet_alloc());
  for (int error = 0; (error = av_read_frame(input.get(), packet.get())) != AVERROR_EOF;) {
    check(error);
    packet->pos = -1;
    av_packet_rescale_ts(packet.get(), source.time_base, stream->time_base);
    check(av_interleaved_write_frame(output.get(), packet.get()));
  }
  check(av_write_trailer(output.get()));
  check(avio_closep(&output->pb));
}

}  // namespace

class Mp4Writer::Impl {
 public:
  Impl(const std::string& file, int width, int height, double rate)
      : file_(file), packet_(made<Packet>(av_packet_alloc())), output_(createOutput(file)) {
    constexpr int kLargest = 65535;  // of a clock of MPEG-4
    const Encoding encoding{width / 2 * 2, height / 2 * 2, av_d2q(rate, kLargest)};
    encoder_ = openFirst(encoding, (output_->oformat->flags & AVFMT_GLOBALHEADER) != 0);
    stream_ = avformat_new_stream(output_.get(), nullptr);
    if (!stream_) {
      throw std::bad_alloc();
    }
    check(avcodec_parameters_from_context(stream_->codecpar, encoder_.get()));
    stream_->time_base = encoder_->time_base;
    stream_->avg_frame_rate = encoding.rate;
    output_->flags |= AVFMT_FLAG_FLUSH_PACKETS;
    writeFragmentHeader(*output_);

    bgr_ = frameOf(AV_PIX_FMT_BGR24, encoding.width, encoding.height);
    yuv_ = frameOf(encoder_->pix_fmt, encoding.width, encoding.height);
    scaler_.reset(sws_getContext(encoding.width, encoding.height, AV_PIX_FMT_BGR24, encoding.width, encoding.height,
                                 encoder_->pix_fmt, SWS_BICUBIC, nullptr, nullptr, nullptr));
    if (!scaler_) {
      throw std::bad_alloc();
    }
  }

  void write(const Image& image, long times) {
    convert(image);
    for (; times > 0; --times) {
      yuv_->pts = frames_++;
      send(yuv_.get());
    }
  }

  void finish(const std::string& whole) {
    send(nullptr);
    check(av_write_trailer(output_.get()));
    check(avio_closep(&output_->pb));
    copyVideo(file_, whole, *stream_);
  }

 private:
  void convert(const Image& image) {
    constexpr int kChannels = 3;
    if (image.width / 2 * 2 != bgr_->width || image.height / 2 * 2 != bgr_->height) {
      throw std::invalid_argument("Mp4Writer: expected an image of " + std::to_string(bgr_->width) + " x " +
                                  std::to_string(bgr_->height) + " pixels, found " + std::to_string(image.width) +
                                  " x " + std::to_string(image.height));
    }
    // libswscale reads beyond the last pixel, which only FFmpeg's own frames let it do.
    av_image_copy_plane(bgr_->data[0], bgr_->linesize[0], static_cast<const std::uint8_t*>(image.ptr),
                        static_cast<int>(image.pitch), bgr_->width * kChannels, bgr_->height);
    check(av_frame_make_writable(yuv_.get()));  // the encoder may still have the last one
    sws_scale(scaler_.get(), bgr_->data, bgr_->linesize, 0, bgr_->height, yuv_->data, yuv_->linesize);
  }

  // A frame, or the end, to the encoder, and what comes out to the file.
  void send(const AVFrame* frame) {
    check(avcodec_send_frame(encoder_.get(), frame));
    for (;;) {
      const int error = avcodec_receive_packet(encoder_.get(), packet_.get());
      if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) {
        return;
      }
      check(error);
      packet_->duration = 1;
      packet_->stream_index = stream_->index;
      av_packet_rescale_ts(packet_.get(), encoder_->time_base, stream_->time_base);
      check(av_interleaved_write_frame(output_.get(), packet_.get()));
    }
  }

  std::string file_;
  Packet packet_;
  Output output_;
  CodecContext encoder_;
  AVStream* stream_ = nullptr;  // the output's
  Frame bgr_, yuv_;
  Scaler scaler_;
  std::int64_t frames_ = 0;
};

Mp4Writer::Mp4Writer(const std::string& file, int width, int height, double rate) {
  beQuiet();
  impl_ = std::make_unique<Impl>(file, width, height, rate);
}
Mp4Writer::~Mp4Writer() = default;

void Mp4Writer::write(const Image& image, long times) {
  impl_->write(image, times);
}

void Mp4Writer::finish(const std::string& whole) {
  impl_->finish(whole);
}

}  // namespace trtyolo::media
