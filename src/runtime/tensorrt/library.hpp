// TensorRT's shared libraries, opened when they are first needed: trtyolo itself does not link them, so that it runs
// without them.
#pragma once

#include <NvInfer.h>
#include <NvOnnxParser.h>

#include <memory>
#include <string>
#include <vector>

namespace trtyolo::tensorrt {

// Takes TensorRT's messages to the library's log. One for the process, which outlives every TensorRT object.
class Logger final : public nvinfer1::ILogger {
 public:
  static Logger& get();

  void log(Severity severity, const char* message) noexcept override;

  // The errors that this thread's calls have met since the last take(), in one line; empty if there were none.
  static std::string take();

 private:
  Logger() = default;
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
  // Registers TensorRT's own plugins, which some engines need; without effect if their library is missing.
  void registerPlugins() const;
  // Loads libraries with plugins of their own; they stay loaded. Throws ModelError for one that cannot be, or has none.
  void loadPlugins(const std::vector<std::string>& files) const;

 private:
  Library();

  void* inference_ = nullptr;
  std::string folder_;  // that inference_ is in; empty if the loader found it by itself
};

// The text, with what to do if it speaks of a plugin.
std::string withPluginAdvice(std::string text);

// For a message, TensorRT's errors of the call that has just failed on the current device: ": " and its words, or
// nothing. If the device has failed or has no memory left (which the caller may know), throws DeviceError instead,
// which says what was being done.
std::string wordsOfFailure(const std::string& doing, bool noMemory = false);

// Why TensorRT cannot be used here, in a sentence; empty if it can. Never throws.
std::string whyNoTensorRt();

}  // namespace trtyolo::tensorrt
