// The public class.
#include <atomic>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <utility>

#include "media/ffmpeg/frame_image.hpp"
#include "media/ffmpeg/frame_times.hpp"
#include "media/ffmpeg/input.hpp"
#include "media/ffmpeg/patience.hpp"
#include "media/ffmpeg/video_decoder.hpp"
#include "trtyolo/media.hpp"
#include "trtyolo/video.hpp"

namespace trtyolo {
namespace {

using media::Frame, media::Orientation;

constexpr int kQuarter = 90;  // degrees
constexpr const char* kNoMemory = ": there is not enough memory for it, or it is damaged and says that it is large";

void check(const VideoOption& option) {
  const auto demand = [](bool holds, const char* what, const std::string& found) {
    if (!holds) {
      throw std::invalid_argument(std::string("VideoOption::") + what + ", found " + found);
    }
  };
  demand(!option.gpu || *option.gpu >= 0, "gpu may not be negative", std::to_string(option.gpu.value_or(0)));
  demand(option.threads >= 0, "threads may not be negative", std::to_string(option.threads));
  for (const double timeout : {option.openTimeout, option.readTimeout}) {
    demand(std::isfinite(timeout) && timeout >= 0, "openTimeout and readTimeout must be finite and not negative",
           std::to_string(timeout));
  }
}

Orientation orientationOfStream(const AVStream& stream) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData* const data = av_packet_side_data_get(
      stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  return media::orientationOf(data ? reinterpret_cast<const std::int32_t*>(data->data) : nullptr);
#else
  return media::orientationOf(
      reinterpret_cast<const std::int32_t*>(av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr)));
#endif
}

}  // namespace

VideoError::~VideoError() = default;
VideoTimeoutError::~VideoTimeoutError() = default;
VideoInterruptedError::~VideoInterruptedError() = default;

class VideoReader::Impl {
 public:
  Impl(const std::string& source, const VideoOption& option)
      : patience_((check(option), option.stopped)),
        input_(source, option, patience_),
        orientation_(orientationOfStream(input_.stream())),
        turn_(option.upright ? orientation_ : Orientation()),
        decoder_(input_, option, turn_.isUpright(), turn_.isUpright() || !option.gpu ? "" : kTurned),
        converter_(option.bgr),
        bgr_(option.bgr),
        gpu_(option.gpu),
        timeout_(option.readTimeout),
        times_(input_.stream().time_base, input_.fps()) {}

  std::optional<VideoFrame> read() {
    std::optional<VideoFrame> given;
    once([&](Frame frame) { given = give(std::move(frame)); });
    return given;
  }

  bool skip() {
    return once([&](const Frame&) {
      ++number_;
      ++skipped_;
    });
  }

  void interrupt() noexcept { patience_.interrupt(); }

  const media::Input& input() const { return input_; }
  int side(bool width) const {
    const AVCodecParameters& parameters = *input_.stream().codecpar;
    return width != (turn_.quarters % 2 == 1) ? parameters.width : parameters.height;
  }
  std::optional<int> gpu() const { return decoder_.onGpu() ? gpu_ : std::nullopt; }
  const std::string& whyNoGpu() const { return decoder_.whyNoGpu(); }
  VideoCounts counts() const { return {onGpu_, onCpu_, skipped_, corrupt_}; }

 private:
  static constexpr const char* kTurned =
      "its frames are to be turned, which is done on the CPU (VideoOption::upright is on)";

  // Hands the next frame to `take`; false at the end.
  template <typename Take>
  bool once(const Take& take) {
    if (busy_.exchange(true)) {
      throw BusyError(input_.name() + ": another thread is reading this video");
    }
    struct Guard {
      std::atomic<bool>& busy;
      ~Guard() { busy = false; }
    } guard{busy_};
    if (failure_) {
      std::rethrow_exception(failure_);
    }
    try {
      Frame frame = ended_ ? nullptr : next();
      if (!frame) {
        ended_ = true;
        return false;
      }
      times_.came(*frame);
      take(std::move(frame));
      return true;
    } catch (const std::bad_alloc&) {
      failure_ = std::make_exception_ptr(VideoError(input_.name() + kNoMemory));
    } catch (...) {
      failure_ = std::current_exception();
    }
    std::rethrow_exception(failure_);
  }

  Frame next() {
    patience_.begin(input_.isFile() ? 0 : timeout_);
    if (patience_.isOver()) {
      patience_.rethrow(input_.name(), "a frame");
    }
    Frame frame = decoder_.read();
    corrupt_ = decoder_.corrupt();
    if (!frame && number_ == 0) {
      throw VideoError(input_.name() + ": expected frames, and found none" +
                       (corrupt_ > 0 ? " that is not damaged (" + std::to_string(corrupt_) + " are)" : ""));
    }
    return frame;
  }

  VideoFrame give(Frame frame) {
    VideoFrame given;
    given.corrupt = media::VideoDecoder::isCorrupt(*frame);
    given.time = times_.time();
    given.bgr = bgr_;
    const bool onGpu = frame->format == AV_PIX_FMT_CUDA;
    if (onGpu) {
      given.owner = decoder_.gpuFrames().copy(*frame, given.image);
      given.gpu = gpu_;
    } else {
      frame = converter_.convert(std::move(frame), turn_, input_.name());
      given.image = media::imageOf(*frame);
      given.owner = std::shared_ptr<AVFrame>(std::move(frame));
    }
    given.image.memory = onGpu ? ImageMemory::Device : ImageMemory::Host;
    if (turn_.isUpright()) {
      given.rotation = orientation_.quarters * kQuarter;
      given.mirrored = orientation_.mirrored;
    }
    ++(onGpu ? onGpu_ : onCpu_);
    given.number = number_++;
    return given;
  }

  media::Patience patience_;
  media::Input input_;
  const Orientation orientation_, turn_;
  media::VideoDecoder decoder_;
  media::FrameConverter converter_;
  const bool bgr_;
  const std::optional<int> gpu_;
  const double timeout_;
  media::FrameTimes times_;
  std::int64_t number_ = 0;
  bool ended_ = false;
  std::exception_ptr failure_;
  std::atomic<bool> busy_ = false;
  std::atomic<std::uint64_t> onGpu_ = 0, onCpu_ = 0, skipped_ = 0, corrupt_ = 0;
};

VideoReader::VideoReader(const std::string& source, const VideoOption& option) {
  try {
    impl_ = std::make_unique<Impl>(source, option);
  } catch (const std::bad_alloc&) {
    throw VideoError(withoutPasswords(source) + kNoMemory);
  }
}
VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;

std::optional<VideoFrame> VideoReader::read() {
  return impl_->read();
}

bool VideoReader::skip() {
  return impl_->skip();
}

void VideoReader::interrupt() noexcept {
  impl_->interrupt();
}

int VideoReader::width() const {
  return impl_->side(true);
}

int VideoReader::height() const {
  return impl_->side(false);
}

double VideoReader::fps() const {
  return impl_->input().fps();
}

std::int64_t VideoReader::frames() const {
  return impl_->input().frames();
}

double VideoReader::duration() const {
  return impl_->input().duration();
}

std::string VideoReader::codec() const {
  return avcodec_get_name(impl_->input().stream().codecpar->codec_id);
}

std::optional<int> VideoReader::gpu() const {
  return impl_->gpu();
}

std::string VideoReader::whyNoGpu() const {
  return impl_->whyNoGpu();
}

VideoCounts VideoReader::counts() const {
  return impl_->counts();
}

}  // namespace trtyolo
