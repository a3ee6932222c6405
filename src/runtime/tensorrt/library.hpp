// TensorRT's shared libraries, opened when they are first needed: trtyolo itself does not link them, so that it runs
// where they are not.
#pragma once

#include <NvInfer.h>
#include <NvOnnxParser.h>

#include <memory>
#include <string>

namespace trtyolo::tensorrt {

// What TensorRT says. One for the process, which outlives every TensorRT object.
class Log final : public nvinfer1::ILogger {
 public:
  static Log& get();

  void log(Severity severity, const char* message) noexcept override;

  // The errors that this thread's calls have met since the last take(), in one line; empty if there were none.
  static std::string take();

 private:
  Log() = default;
};

// The entry points of the libraries. Any thread.
class Library {
 public:
  // Opens libnvinfer on the first call. Throws DeviceError that says what was looked for.
  static const Library& get();

  std::string version() const;  // "10.6.0"

  std::unique_ptr<nvinfer1::IRuntime> createRuntime() const;
  std::unique_ptr<nvinfer1::IBuilder> createBuilder() const;
  // Opens libnvonnxparser on the first call.
  std::unique_ptr<nvonnxparser::IParser> createParser(nvinfer1::INetworkDefinition& network) const;
  // Registers TensorRT's own plugins, which some engines need; without effect where their library is not.
  void registerPlugins() const;

 private:
  Library();

  void* inference_ = nullptr;
};

// For a message, what TensorRT says of the call that has just failed on the current device: ": " and its words, or
// nothing. Where the device has failed or has no memory left (as the caller may know), it throws DeviceError instead,
// with what was being done.
std::string wordsOfFailure(const std::string& doing, bool noMemory = false);

// What is wrong with using TensorRT here, in a sentence; empty if nothing is. Never throws.
std::string whyNoTensorRt();

}  // namespace trtyolo::tensorrt
