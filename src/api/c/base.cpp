// What all of trtyolo.h shares: versions, errors, the log, images.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "api/c/handles.hpp"

namespace trtyolo::c {
namespace {

constexpr const char* kNoMemory = "there is no memory left";

thread_local std::string lastMessage;
thread_local const char* lastText = "";  // of `lastMessage`, or something that needs no memory

std::atomic<trtyolo_log_callback> logCallback = nullptr;

void tellLog(LogLevel level, const char* text) {
  if (const trtyolo_log_callback call = logCallback) {
    call(static_cast<trtyolo_log_level>(level), text);
  }
}

template <class... Texts>
void keep(const char* first, Texts... others) noexcept {
  try {
    lastMessage = first;
    (lastMessage.append(others), ...);
    lastText = lastMessage.c_str();
  } catch (const std::bad_alloc&) {
    lastText = kNoMemory;
  }
}

template <class Type>
bool is(const std::exception& error) {
  return dynamic_cast<const Type*>(&error) != nullptr;
}

trtyolo_status statusOf(const std::exception& error) {
  return is<ModelError>(error)              ? TRTYOLO_MODEL_ERROR
         : is<BusyError>(error)             ? TRTYOLO_BUSY
         : is<InferenceError>(error)        ? TRTYOLO_INFERENCE_ERROR
         : is<DeviceError>(error)           ? TRTYOLO_DEVICE_ERROR
         : is<QueueFullError>(error)        ? TRTYOLO_QUEUE_FULL
         : is<DeadlineError>(error)         ? TRTYOLO_DEADLINE
         : is<CancelledError>(error)        ? TRTYOLO_CANCELLED
         : is<ClosedError>(error)           ? TRTYOLO_CLOSED
         : is<std::invalid_argument>(error) ? TRTYOLO_INVALID_ARGUMENT
         : is<std::out_of_range>(error)     ? TRTYOLO_INVALID_ARGUMENT
                                            : TRTYOLO_ERROR;
}

}  // namespace

trtyolo_status rememberError(const char* function) noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    lastText = kNoMemory;
    return TRTYOLO_OUT_OF_MEMORY;
  } catch (const MisuseError& error) {
    keep(function, ": ", error.what());
    return TRTYOLO_INVALID_ARGUMENT;
  } catch (const std::exception& error) {
    keep(error.what());
    return statusOf(error);
  } catch (...) {
    keep(function, ": something was thrown that is no std::exception");
    return TRTYOLO_ERROR;
  }
}

std::vector<std::string> textsOf(const char* const* texts, std::size_t count, const char* name) {
  std::vector<std::string> list;
  for (const char* text : listOf(texts, count, name)) {
    list.emplace_back(required(text, name));
  }
  return list;
}

char* copyOf(const std::string& text) {
  char* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) {
    throw std::bad_alloc();
  }
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

Image imageOf(const trtyolo_image& image) {
  if (std::any_of(std::begin(image.reserved), std::end(image.reserved),
                  [](std::uint64_t value) { return value != 0; })) {
    throw MisuseError("trtyolo_image: reserved must be 0; set the whole image to 0 before filling it");
  }
  if (image.memory < TRTYOLO_MEMORY_AS_OPTION || image.memory > TRTYOLO_MEMORY_DEVICE) {
    throw MisuseError("trtyolo_image: memory must be a trtyolo_image_memory, found " + std::to_string(image.memory));
  }
  const auto matrix = static_cast<ColorMatrix>(image.matrix);
  const auto range = static_cast<ColorRange>(image.range);
  Image made;
  switch (image.format) {
    case TRTYOLO_INTERLEAVED:
      made = Image(image.pixels, image.width, image.height, image.channels == 0 ? 3 : image.channels, image.pitch);
      break;
    case TRTYOLO_NV12:
      made = Image::nv12(image.pixels, image.chroma[0], image.width, image.height, image.pitch, image.chroma_pitch,
                         matrix, range);
      break;
    case TRTYOLO_I420:
      made = Image::i420(image.pixels, image.chroma[0], image.chroma[1], image.width, image.height, image.pitch,
                         image.chroma_pitch, matrix, range);
      break;
    case TRTYOLO_YUYV:
      made = Image::yuyv(image.pixels, image.width, image.height, image.pitch, matrix, range);
      break;
    case TRTYOLO_GRAY16:
      made = Image::gray16(image.pixels, image.width, image.height, image.pitch, image.low,
                           image.high == 0 ? 65535 : image.high);
      break;
    default:
      throw MisuseError("trtyolo_image: format must be a trtyolo_pixel_format, found " + std::to_string(image.format));
  }
  made.memory = static_cast<ImageMemory>(image.memory);
  made.part = {image.part.x, image.part.y, image.part.width, image.part.height, image.part.theta};
  return made;
}

}  // namespace trtyolo::c

// The numbers of both interfaces are the same.
static_assert(static_cast<int>(trtyolo::LogLevel::Error) == TRTYOLO_LOG_ERROR);
static_assert(static_cast<int>(trtyolo::ColorMatrix::BT709) == TRTYOLO_BT709);
static_assert(static_cast<int>(trtyolo::ColorRange::Full) == TRTYOLO_FULL);
static_assert(static_cast<int>(trtyolo::ImageMemory::Device) == TRTYOLO_MEMORY_DEVICE);
static_assert(static_cast<int>(trtyolo::Task::Depth) == TRTYOLO_DEPTH);

int trtyolo_c_version(void) {
  return TRTYOLO_C_VERSION;
}

const char* trtyolo_version(void) {
  return trtyolo::version();
}

int trtyolo_gpu_count(void) {
  int count = 0;
  trtyolo::c::guarded(__func__, [&] { count = trtyolo::gpuCount(); });
  return count;
}

const char* trtyolo_last_error(void) {
  return trtyolo::c::lastText;
}

void trtyolo_set_log(trtyolo_log_callback call) {
  trtyolo::c::logCallback = call;
  trtyolo::setLog(call == nullptr ? nullptr : trtyolo::c::tellLog);
}

void trtyolo_string_free(char* text) {
  std::free(text);
}
