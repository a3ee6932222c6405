// The extension module tensorrt_yolo._video: frames of videos. By itself, because it needs FFmpeg's libraries. Its
// names and types are in _video.pyi.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "text.hpp"
#include "trtyolo/media.hpp"
#include "trtyolo/video.hpp"
#include "unlocked.hpp"

namespace trtyolo::python {
namespace {

namespace nb = nanobind;

using Owner = std::shared_ptr<const void>;

// So many rows of so many bytes, with gaps between them.
struct Plane {
  const void* first;
  std::size_t rows, bytes, pitch;
};

std::vector<Plane> planesOf(const Image& image) {
  const auto width = static_cast<std::size_t>(image.width), height = static_cast<std::size_t>(image.height);
  const std::size_t half = (width + 1) / 2, rows = (height + 1) / 2;
  switch (image.format) {
    case PixelFormat::NV12:
      return {{image.ptr, height, width, image.pitch}, {image.chroma[0], rows, 2 * half, image.chromaPitch}};
    case PixelFormat::I420:
      return {{image.ptr, height, width, image.pitch},
              {image.chroma[0], rows, half, image.chromaPitch},
              {image.chroma[1], rows, half, image.chromaPitch}};
    case PixelFormat::YUYV:
    case PixelFormat::Gray16:
      return {{image.ptr, height, 2 * width, image.pitch}};
    default:
      return {{image.ptr, height, width * static_cast<std::size_t>(image.channels), image.pitch}};
  }
}

const char* nameOf(PixelFormat format) {
  switch (format) {
    case PixelFormat::NV12:
      return "nv12";
    case PixelFormat::I420:
      return "i420";
    case PixelFormat::YUYV:
      return "yuyv";
    case PixelFormat::Gray16:
      return "gray16";
    default:
      return "";
  }
}

// A NumPy array u8 that keeps the frame; of a GPU's memory (pointer, rows, bytes, pitch) and what keeps it.
nb::object pythonPlane(const Plane& plane, const VideoFrame& frame) {
  const nb::capsule owner = capsuleOf(std::make_unique<Owner>(frame.owner));
  if (frame.gpu) {
    return nb::make_tuple(reinterpret_cast<std::uintptr_t>(plane.first), plane.rows, plane.bytes, plane.pitch, owner);
  }
  const std::size_t shape[] = {plane.rows, plane.bytes};
  const std::int64_t strides[] = {static_cast<std::int64_t>(plane.pitch), 1};
  return nb::cast(nb::ndarray<nb::numpy, const std::uint8_t>(plane.first, 2, shape, owner, strides));
}

nb::object pythonFrame(const VideoFrame& frame) {
  nb::list planes;
  for (const Plane& plane : planesOf(frame.image)) {
    planes.append(pythonPlane(plane, frame));
  }
  const Image& image = frame.image;
  return nb::make_tuple(nameOf(image.format), planes, image.width, image.height, image.channels,
                        image.matrix == ColorMatrix::BT709 ? "bt709" : "bt601",
                        image.range == ColorRange::Full ? "full" : "limited", frame.gpu, frame.time, frame.number,
                        frame.rotation, frame.mirrored, frame.corrupt, frame.bgr);
}

// What a reading thread asks while it waits: whether Ctrl-C was pressed, or the interpreter ends.
class Signals {
 public:
  bool stopped() {
    const auto now = std::chrono::steady_clock::now();
    if (raised_ || now - last_ < std::chrono::milliseconds(100)) {
      return raised_;
    }
    last_ = now;
    const nb::gil_scoped_acquire locked;
    raised_ = isDrained() || PyErr_CheckSignals() != 0;
    if (PyErr_Occurred()) {
      error_ = std::make_unique<nb::python_error>();
    }
    return raised_;
  }

  // Throws what the handler of the signal has raised. For who holds the lock.
  void rethrow() {
    if (error_) {
      const nb::python_error error = *std::exchange(error_, nullptr);
      throw error;
    }
  }

 private:
  bool raised_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::unique_ptr<nb::python_error> error_;
};

class Reader {
 public:
  Reader(const std::string& source, std::optional<int> gpu, int threads, double openTimeout, double readTimeout,
         bool rtspOverTcp, bool upright, bool bgr, bool keepCorrupt, std::size_t maxPixelBytes,
         const std::string& format, const std::vector<std::pair<std::string, std::string>>& ffmpegOptions) {
    VideoOption option;
    option.gpu = gpu;
    option.threads = threads;
    option.openTimeout = openTimeout;
    option.readTimeout = readTimeout;
    option.rtspOverTcp = rtspOverTcp;
    option.upright = upright;
    option.bgr = bgr;
    option.keepCorrupt = keepCorrupt;
    option.maxPixelBytes = maxPixelBytes;
    option.format = format;
    option.ffmpegOptions = ffmpegOptions;
    option.stopped = [signals = signals_] { return signals->stopped(); };
    reader_ = call([&] { return std::make_shared<VideoReader>(source, option); });
  }

  ~Reader() { close(); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  nb::object read() {
    const std::shared_ptr<VideoReader> reader = opened();
    const std::optional<VideoFrame> frame = call([&] { return reader->read(); });
    return frame ? pythonFrame(*frame) : nb::none();
  }
  bool skip() {
    const std::shared_ptr<VideoReader> reader = opened();
    return call([&] { return reader->skip(); });
  }
  void interrupt() { opened()->interrupt(); }
  // A thread that is reading is interrupted, and closes it.
  void close() {
    std::shared_ptr<VideoReader> reader = std::exchange(reader_, nullptr);
    if (reader && reader.use_count() > 1) {
      reader->interrupt();
    }
    unlocked([&] { reader.reset(); });
  }

  std::shared_ptr<VideoReader> opened() const {
    if (!reader_) {
      throw std::invalid_argument("VideoReader: it is closed");
    }
    return reader_;
  }

 private:
  template <typename Call>
  std::invoke_result_t<Call> call(Call work) {
    try {
      return unlocked(work);
    } catch (const VideoInterruptedError&) {
      signals_->rethrow();
      throw;
    }
  }

  std::shared_ptr<Signals> signals_ = std::make_shared<Signals>();
  std::shared_ptr<VideoReader> reader_;
};

// As instances of the package's classes.
void translate(const std::exception_ptr& exception, void*) {
  const auto raise = [](const char* name, const std::exception& error) {
    const nb::object type = nb::module_::import_("tensorrt_yolo.errors").attr(name);
    PyErr_SetObject(type.ptr(), nb::cast(std::string(error.what())).ptr());
  };
  try {
    std::rethrow_exception(exception);
  } catch (const VideoTimeoutError& error) {
    raise("VideoTimeoutError", error);
  } catch (const VideoInterruptedError& error) {
    raise("VideoInterruptedError", error);
  } catch (const VideoError& error) {
    raise("VideoError", error);
  } catch (const BusyError& error) {
    raise("BusyError", error);
  } catch (const DeviceError& error) {
    raise("DeviceError", error);
  } catch (const Error& error) {
    raise("Error", error);
  }
}

nb::dict countsOf(const Reader& reader) {
  const VideoCounts counts = reader.opened()->counts();
  nb::dict named;
  named["gpu"] = counts.gpu;
  named["cpu"] = counts.cpu;
  named["skipped"] = counts.skipped;
  named["corrupt"] = counts.corrupt;
  return named;
}

}  // namespace

NB_MODULE(_video, module) {
  nb::set_leak_warnings(false);
  nb::register_exception_translator(&translate);
  bindUnlocked(module);
  module.def("without_passwords", [](const std::string& text) { return withoutPasswords(text); });
  nb::class_<Reader>(module, "Reader")
      .def(nb::init<const std::string&, std::optional<int>, int, double, double, bool, bool, bool, bool, std::size_t,
                    const std::string&, const std::vector<std::pair<std::string, std::string>>&>(),
           nb::arg("source"), nb::arg("gpu").none(), nb::arg("threads"), nb::arg("open_timeout"),
           nb::arg("read_timeout"), nb::arg("rtsp_over_tcp"), nb::arg("upright"), nb::arg("bgr"),
           nb::arg("keep_corrupt"), nb::arg("max_pixel_bytes"), nb::arg("format"), nb::arg("ffmpeg_options"))
      .def("read", &Reader::read)
      .def("skip", &Reader::skip)
      .def("interrupt", &Reader::interrupt)
      .def("close", &Reader::close)
      .def_prop_ro("width", [](const Reader& reader) { return reader.opened()->width(); })
      .def_prop_ro("height", [](const Reader& reader) { return reader.opened()->height(); })
      .def_prop_ro("fps", [](const Reader& reader) { return reader.opened()->fps(); })
      .def_prop_ro("frames", [](const Reader& reader) { return reader.opened()->frames(); })
      .def_prop_ro("duration", [](const Reader& reader) { return reader.opened()->duration(); })
      .def_prop_ro("codec", [](const Reader& reader) { return reader.opened()->codec(); })
      .def_prop_ro("gpu", [](const Reader& reader) { return reader.opened()->gpu(); })
      .def_prop_ro("why_no_gpu", [](const Reader& reader) { return reader.opened()->whyNoGpu(); })
      .def_prop_ro("counts", &countsOf);
}

}  // namespace trtyolo::python
