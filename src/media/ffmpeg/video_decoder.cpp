#include "media/ffmpeg/video_decoder.hpp"

#include <utility>

namespace trtyolo::media {
namespace {

constexpr int kMostBeforeKeyFrame = 300;  // packets; some streams mark none
constexpr int kMostDrainFailures = 1000;  // in sequence, while the last frames are asked for

bool isForGpu(AVPixelFormat format) {
  return format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_NV12;
}

std::string nameOf(AVPixelFormat format) {
  const char* const name = av_get_pix_fmt_name(format);
  return name ? name : "unknown";
}

}  // namespace

VideoDecoder::VideoDecoder(Input& input, const VideoOption& option, bool onGpu, std::string whyNot)
    : input_(input),
      keepCorrupt_(option.keepCorrupt),
      whyNoGpu_(std::move(whyNot)),
      packet_(made<Packet>(av_packet_alloc())) {
  const AVCodecID id = input.stream().codecpar->codec_id;
  const AVCodec* const codec = avcodec_find_decoder(id);
  if (!codec) {
    throw VideoError(input.name() + ": FFmpeg as it is here has no decoder for its codec, " + avcodec_get_name(id));
  }
  if (option.gpu && onGpu) {
    const auto format = static_cast<AVPixelFormat>(input.stream().codecpar->format);
    if (!hasCudaDecoder(*codec)) {
      whyNoGpu_ = std::string("FFmpeg as it is here has no CUDA decoder for its codec, ") + avcodec_get_name(id);
    } else if (format != AV_PIX_FMT_NONE && !isForGpu(format)) {
      whyNoGpu_ =
          std::string("its frames have the pixel format ") + nameOf(format) + ", and GPUs decode 4:2:0 of 8 bits";
    } else {
      gpu_ = makeGpuFrames(*option.gpu, whyNoGpu_);
    }
  }
  // The decoder of H.264 holds frames back by itself, and knows other places to begin at.
  waitsForKeyFrame_ = id != AV_CODEC_ID_H264;
  open(*codec, option);
}

bool VideoDecoder::hasCudaDecoder(const AVCodec& codec) {
  for (int i = 0; const AVCodecHWConfig* config = avcodec_get_hw_config(&codec, i); ++i) {
    if (config->device_type == AV_HWDEVICE_TYPE_CUDA &&
        (config->methods & AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX) != 0) {
      return true;
    }
  }
  return false;
}

void VideoDecoder::open(const AVCodec& codec, const VideoOption& option) {
  context_ = made<CodecContext>(avcodec_alloc_context3(&codec));
  if (avcodec_parameters_to_context(context_.get(), input_.stream().codecpar) < 0) {
    throw std::bad_alloc();
  }
  context_->max_pixels = input_.mostPixels();
  input_.requireRoom(context_->width, context_->height);
  context_->pkt_timebase = input_.stream().time_base;
  context_->opaque = this;
  if (gpu_) {
    context_->hw_device_ctx = av_buffer_ref(gpu_->device());
    context_->get_format = &chooseFormat;
  }
  // Several frames at once are as many late, and on a GPU as many surfaces, of which there are few; there the decoder's
  // threads would have nothing to do.
  context_->thread_count = gpu_ ? 1 : option.threads;
  context_->thread_type = input_.duration() > 0 && !gpu_ ? FF_THREAD_FRAME | FF_THREAD_SLICE : FF_THREAD_SLICE;
  if (const int error = avcodec_open2(context_.get(), &codec, nullptr); error < 0) {
    throw VideoError(input_.name() + ": the decoder " + codec.name + " cannot be opened: " + wordsOf(error));
  }
}

// Called by FFmpeg when it knows what the frames are, and again without CUDA if that does not work out.
AVPixelFormat VideoDecoder::chooseFormat(AVCodecContext* context, const AVPixelFormat* formats) {
  VideoDecoder& self = *static_cast<VideoDecoder*>(context->opaque);
  AVPixelFormat other = AV_PIX_FMT_NONE;
  bool cuda = false;
  for (const AVPixelFormat* format = formats; *format != AV_PIX_FMT_NONE; ++format) {
    cuda = cuda || *format == AV_PIX_FMT_CUDA;
    const bool hardware = (av_pix_fmt_desc_get(*format)->flags & AV_PIX_FMT_FLAG_HWACCEL) != 0;
    if (!hardware && other == AV_PIX_FMT_NONE) {
      other = *format;
    }
  }
  try {
    if (cuda && isForGpu(context->sw_pix_fmt)) {
      self.whyNoGpu_.clear();
      return AV_PIX_FMT_CUDA;
    }
    self.whyNoGpu_ = std::string("the GPU, or a driver without libnvcuvid, does not decode ") +
                     avcodec_get_name(context->codec_id) + " of " + std::to_string(context->width) + " x " +
                     std::to_string(context->height) + " pixels of the format " + nameOf(context->sw_pix_fmt);
  } catch (const std::exception&) {  // no memory for the reason
  }
  return other;
}

bool VideoDecoder::isCorrupt(const AVFrame& frame) {
  return (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame.decode_error_flags != 0;
}

bool VideoDecoder::isBeforeKeyFrame(const AVPacket& packet) {
  if (waitsForKeyFrame_ && ((packet.flags & AV_PKT_FLAG_KEY) != 0 || ++waited_ > kMostBeforeKeyFrame)) {
    waitsForKeyFrame_ = false;
  }
  return waitsForKeyFrame_;
}

// One packet, or the end, to the decoder.
void VideoDecoder::sendNext() {
  if (!input_.read(*packet_)) {
    drains_ = true;
    avcodec_send_packet(context_.get(), nullptr);
    return;
  }
  const int error =
      isBeforeKeyFrame(*packet_) ? AVERROR_INVALIDDATA : avcodec_send_packet(context_.get(), packet_.get());
  if (error == AVERROR(ENOMEM)) {
    throw std::bad_alloc();
  }
  corrupt_ += error < 0 ? 1 : 0;
  av_packet_unref(packet_.get());
}

Frame VideoDecoder::read() {
  for (Frame frame = makeFrame();;) {
    const int error = avcodec_receive_frame(context_.get(), frame.get());
    if (error == 0) {
      failures_ = 0;
      if (!isCorrupt(*frame) || keepCorrupt_) {
        return frame;
      }
      ++corrupt_;
      av_frame_unref(frame.get());
    } else if (error == AVERROR(EAGAIN) && !drains_) {
      sendNext();
    } else if (error == AVERROR_EOF || (drains_ && ++failures_ > kMostDrainFailures)) {
      return nullptr;
    } else if (error == AVERROR(ENOMEM)) {
      throw std::bad_alloc();
    } else {
      ++corrupt_;
    }
  }
}

}  // namespace trtyolo::media
