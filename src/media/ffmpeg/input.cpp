#include "media/ffmpeg/input.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

#include <sys/stat.h>

#include "trtyolo/media.hpp"

#ifdef TRTYOLO_HAS_AVDEVICE
#include <dlfcn.h>
extern "C" {
#include <libavdevice/avdevice.h>
}
#endif

namespace trtyolo::media {
namespace {

constexpr std::size_t kMemoryShare = 4;  // of what is left, for a frame
constexpr std::size_t kChannels = 3;
constexpr int kMostBadPackets = 100;  // packets in sequence that a container gives as errors
constexpr auto kDevicePause = std::chrono::milliseconds(2);

std::int64_t pixelsIn(std::size_t bytes) {
  return static_cast<std::int64_t>(std::min<std::size_t>(bytes / kChannels, std::numeric_limits<std::int32_t>::max()));
}

// What is done once in a process.
void beginFfmpeg() {
  static const bool ready = [] {
    beQuiet();
    avformat_network_init();
    return true;
  }();
  static_cast<void>(ready);
}

// Makes kinds of devices known. They are in a library that needs some seventy others, which would take a third of the
// time in which a program starts; so it is opened for who asks for a device. Without it there are none.
void beginDevices() {
#ifdef TRTYOLO_HAS_AVDEVICE
  static const bool ready = [] {
    void* const library = dlopen("libavdevice.so." AV_STRINGIFY(LIBAVDEVICE_VERSION_MAJOR), RTLD_NOW | RTLD_LOCAL);
    void* const begin = library ? dlsym(library, "avdevice_register_all") : nullptr;
    if (begin) {
      reinterpret_cast<decltype(&avdevice_register_all)>(begin)();
    }
    return begin != nullptr;
  }();
  static_cast<void>(ready);
#endif
}

// A container or a kind of device; null if it is not known.
const AVInputFormat* formatNamed(const std::string& name) {
  if (const AVInputFormat* const container = av_find_input_format(name.c_str())) {
    return container;
  }
  beginDevices();
  return av_find_input_format(name.c_str());
}

class Dictionary {
 public:
  Dictionary() = default;
  ~Dictionary() { av_dict_free(&entries_); }
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  void set(const std::string& name, const std::string& value) {
    av_dict_set(&entries_, name.c_str(), value.c_str(), 0);
  }
  bool has(const std::string& name) const { return av_dict_get(entries_, name.c_str(), nullptr, 0) != nullptr; }
  AVDictionary** get() { return &entries_; }

 private:
  AVDictionary* entries_ = nullptr;
};

std::string containerOf(const std::string& source, const struct stat& status, const std::string& asked) {
  const bool camera = S_ISCHR(status.st_mode) != 0 && source.compare(0, 10, "/dev/video") == 0;
  return asked.empty() && camera ? "v4l2" : asked;
}

// Whether a container that was cut off has been read up to there. FFmpeg tells the end of an HTTP connection that has
// no length as an error.
bool isAtEnd(AVIOContext& bytes) {
  return bytes.eof_reached != 0 && (bytes.error == 0 || (bytes.error == AVERROR(EIO) && avio_size(&bytes) < 0));
}

// 0 if it is none: where FFmpeg knows no rate it gives that of the clock, 90 kHz of RTSP.
double rateOf(AVRational value) {
  constexpr double kHighest = 1000;
  const double number = value.den == 0 ? 0 : av_q2d(value);
  return std::isfinite(number) && number > 0 && number < kHighest ? number : 0;
}

}  // namespace

Input::Input(const std::string& source, const VideoOption& option, Patience& patience)
    : name_(withoutPasswords(source)),
      patience_(patience),
      mostBytes_(option.maxPixelBytes > 0 ? option.maxPixelBytes : memoryLeft() / kMemoryShare) {
  beginFfmpeg();
  patience_.begin(option.openTimeout);
  try {
    open(source, option);
    findStream();
  } catch (...) {
    avformat_close_input(&context_);
    throw;
  }
}

Input::~Input() {
  avformat_close_input(&context_);
}

void Input::fail(const std::string& reason) const {
  throw VideoError(name_ + ": " + reason);
}

void Input::open(const std::string& source, const VideoOption& option) {
  struct stat status {};
  const bool local = stat(source.c_str(), &status) == 0;
  file_ = local && S_ISREG(status.st_mode) != 0;
  if (local && S_ISDIR(status.st_mode) != 0) {
    fail("expected a video, and found a folder");
  }
  if (file_ && status.st_size == 0) {
    fail("the file is empty");
  }
  const std::string format = containerOf(source, status, option.format);
  const AVInputFormat* const known = format.empty() ? nullptr : formatNamed(format);
  if (!format.empty() && !known) {
    fail("FFmpeg as it is here knows no container or device \"" + format + "\"");
  }
  if (!local && format.empty() && source.find(':') == std::string::npos && source != "-") {
    fail("no such file");
  }

  Dictionary options;
  for (const auto& [name, value] : option.ffmpegOptions) {
    options.set(name, value);
  }
  if (option.rtspOverTcp && source.compare(0, 4, "rtsp") == 0 && !options.has("rtsp_transport")) {
    options.set("rtsp_transport", "tcp");
  }
  context_ = avformat_alloc_context();
  if (!context_) {
    throw std::bad_alloc();
  }
  context_->interrupt_callback = {[](void* patience) { return static_cast<Patience*>(patience)->isOver() ? 1 : 0; },
                                  &patience_};
  if (known && (known->flags & AVFMT_NOFILE) != 0) {
    context_->flags |= AVFMT_FLAG_NONBLOCK;  // a silent camera would be waited for without a look at `patience_`
  }
  if (PipeInput::isPipe(source)) {
    pipe_ = std::make_unique<PipeInput>(source, patience_);
    context_->pb = pipe_->context();
    context_->flags |= AVFMT_FLAG_CUSTOM_IO;
  }
  // The name of a file is no URL, even one with a colon.
  const std::string place = local && !known && !pipe_ ? "file:" + source : source;
  const int error = avformat_open_input(&context_, place.c_str(), known, options.get());
  if (error < 0) {
    patience_.rethrow(name_, "data");
    if (error == AVERROR(ENOMEM)) {
      throw std::bad_alloc();
    }
    fail(error == AVERROR_INVALIDDATA ? "not a video that FFmpeg can read, or damaged"
                                      : "cannot be opened: " + wordsOf(error));
  }
  for (const auto& [name, value] : option.ffmpegOptions) {
    if (options.has(name)) {
      throw std::invalid_argument("VideoOption::ffmpegOptions: \"" + name + "\" is no option of FFmpeg for " + name_);
    }
  }
}

void Input::findStream() {
  // What is decoded to learn of a stream is as large as its bytes say; of frames beyond the limit nothing would be
  // known.
  const std::int64_t most = pixelsIn(std::max(mostBytes_, memoryLeft() / kMemoryShare));
  std::vector<AVDictionary*> options(context_->nb_streams, nullptr);
  for (AVDictionary*& each : options) {
    av_dict_set_int(&each, "max_pixels", most, 0);
  }
  const int error = avformat_find_stream_info(context_, options.data());
  for (AVDictionary*& each : options) {
    av_dict_free(&each);
  }
  patience_.rethrow(name_, "data");
  const auto isVideo = [&](int i) {  // and not the cover of a record
    const AVStream& stream = *context_->streams[i];
    return stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO && (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
  };
  const int streams = static_cast<int>(context_->nb_streams);
  int best = av_find_best_stream(context_, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  int audio = 0;
  for (int i = 0; i < streams; ++i) {
    audio += context_->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO ? 1 : 0;
    best = (best < 0 || !isVideo(best)) && isVideo(i) ? i : best;
  }
  best = best >= 0 && isVideo(best) ? best : -1;
  if (best < 0 && error < 0) {
    fail("not a video that FFmpeg can read, or damaged: " + wordsOf(error));
  }
  if (best < 0) {
    fail("expected a stream of video, and found " + std::to_string(streams) +
         (streams == 1 ? " stream, " : " streams, ") + std::to_string(audio) + " of them audio");
  }
  stream_ = static_cast<unsigned>(best);
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    if (i != stream_) {
      context_->streams[i]->discard = AVDISCARD_ALL;
    }
  }
}

std::int64_t Input::mostPixels() const {
  return pixelsIn(mostBytes_);
}

void Input::requireRoom(int width, int height) const {
  constexpr std::size_t kMega = 1000000;
  const std::int64_t pixels = std::int64_t{width} * height;
  if (pixels > mostPixels()) {
    fail("a frame of " + std::to_string(width) + " x " + std::to_string(height) + " pixels takes " +
         std::to_string(static_cast<std::size_t>(pixels) * kChannels / kMega) + " MB, and a frame may take " +
         std::to_string(mostBytes_ / kMega) + " MB (VideoOption::maxPixelBytes)");
  }
}

double Input::fps() const {
  const double average = rateOf(stream().avg_frame_rate);
  return average > 0 ? average : rateOf(stream().r_frame_rate);
}

double Input::duration() const {
  if (stream().duration != AV_NOPTS_VALUE && stream().duration > 0) {
    return static_cast<double>(stream().duration) * av_q2d(stream().time_base);
  }
  return context_->duration != AV_NOPTS_VALUE && context_->duration > 0
             ? static_cast<double>(context_->duration) / AV_TIME_BASE
             : 0;
}

std::int64_t Input::frames() const {
  return stream().nb_frames > 0 ? stream().nb_frames : std::llround(duration() * fps());
}

bool Input::read(AVPacket& packet) {
  for (int failures = 0;;) {
    if (patience_.isOver()) {
      patience_.rethrow(name_, "a frame");
    }
    const int error = av_read_frame(context_, &packet);
    if (error >= 0) {
      if (packet.stream_index == static_cast<int>(stream_)) {
        return true;
      }
      av_packet_unref(&packet);
      continue;
    }
    patience_.rethrow(name_, "a frame");
    if (error == AVERROR_EOF) {
      return false;
    }
    if (error == AVERROR(EAGAIN)) {  // a device that has nothing yet
      std::this_thread::sleep_for(kDevicePause);
      continue;
    }
    if (error == AVERROR(ENOMEM)) {
      throw std::bad_alloc();
    }
    if (context_->pb && isAtEnd(*context_->pb)) {
      return false;
    }
    const bool damaged = error == AVERROR_INVALIDDATA;
    if (!damaged || ++failures > kMostBadPackets) {
      fail("it broke off: " + wordsOf(error));
    }
  }
}

}  // namespace trtyolo::media
