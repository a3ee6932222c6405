#include "media/ffmpeg/pipe_input.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trtyolo/video.hpp"

namespace trtyolo::media {
namespace {

constexpr int kBuffer = 64 * 1024;
constexpr int kLook = 50;  // milliseconds between two looks at whether to go on waiting

// The descriptor that "-" and "pipe:..." name.
std::optional<int> descriptorOf(const std::string& source) {
  if (source == "-") {
    return STDIN_FILENO;
  }
  if (source.compare(0, 5, "pipe:") != 0) {
    return std::nullopt;
  }
  return std::atoi(source.c_str() + 5);
}

}  // namespace

bool PipeInput::isPipe(const std::string& source) {
  struct stat status {};
  return descriptorOf(source) || (stat(source.c_str(), &status) == 0 && (S_ISFIFO(status.st_mode) != 0));
}

PipeInput::PipeInput(const std::string& source, Patience& patience) : patience_(patience) {
  const std::optional<int> descriptor = descriptorOf(source);
  // Without O_NONBLOCK opening would wait for a writer.
  descriptor_ = descriptor ? *descriptor : open(source.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  owned_ = !descriptor;
  if (descriptor_ < 0) {
    throw VideoError(source + ": the pipe cannot be opened: " + std::strerror(errno));
  }
  auto* const buffer = static_cast<unsigned char*>(av_malloc(kBuffer));
  context_ = buffer ? avio_alloc_context(buffer, kBuffer, 0, this, &readPacket, nullptr, nullptr) : nullptr;
  if (!context_) {
    av_free(buffer);
    if (owned_) {
      close(descriptor_);
    }
    throw std::bad_alloc();
  }
}

PipeInput::~PipeInput() {
  av_freep(&context_->buffer);
  avio_context_free(&context_);
  if (owned_) {
    close(descriptor_);
  }
}

int PipeInput::readPacket(void* self, std::uint8_t* bytes, int size) {
  return static_cast<PipeInput*>(self)->read(bytes, size);
}

// Throws nothing: FFmpeg calls it.
int PipeInput::read(std::uint8_t* bytes, int size) {
  for (;;) {
    if (patience_.isOver()) {
      return AVERROR_EXIT;
    }
    pollfd wanted{descriptor_, POLLIN, 0};
    const int ready = poll(&wanted, 1, kLook);
    if (ready == 0 || (ready < 0 && errno == EINTR)) {
      continue;
    }
    const ssize_t count = ready < 0 ? -1 : ::read(descriptor_, bytes, static_cast<std::size_t>(size));
    if (count > 0) {
      return static_cast<int>(count);
    }
    if (count == 0) {
      return AVERROR_EOF;
    }
    if (errno != EINTR && errno != EAGAIN) {
      return AVERROR(errno);
    }
  }
}

}  // namespace trtyolo::media
