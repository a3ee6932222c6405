// The extension module tensorrt_yolo._core: what the package's Python classes stand on. It uses the library's public
// header, and of inner ones that of the folders of libraries. Its names and types are in _core.pyi.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>
#include <unistd.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

#include "bindings.hpp"
#include "models.hpp"
#include "runtime/library_folders.hpp"
#include "text.hpp"
#include "trtyolo.hpp"
#include "unlocked.hpp"

namespace trtyolo::python {
namespace {

namespace nb = nanobind;

// `onProgress(phase, step, steps, done)` gives whether to go on; it must not raise.
void build(const std::string& onnx, const std::string& engine, const std::string& precision, int deviceId,
           std::tuple<int, int, int> batch, std::pair<int, int> size, std::pair<int, int> minSize,
           const std::string& head, int optimizationLevel, std::size_t workspaceBytes, const std::string& timingCache,
           nb::object onProgress) {
  if (isDrained()) {
    throw Error("build_engine: the interpreter is about to end");
  }
  claimProcess();
  BuildOption option;
  option.precision = precisionOf(precision);
  option.deviceId = deviceId;
  std::tie(option.minBatch, option.optBatch, option.maxBatch) = batch;
  std::tie(option.width, option.height) = size;
  std::tie(option.minWidth, option.minHeight) = minSize;
  option.head = headModeOf(head);
  option.optimizationLevel = optimizationLevel;
  option.workspaceBytes = workspaceBytes;
  option.timingCache = timingCache;
  option.onProgress = [&onProgress](const BuildProgress& progress) {
    const nb::gil_scoped_acquire locked;
    return nb::cast<bool>(onProgress(progress.phase, progress.step, progress.steps, progress.done));
  };
  const Unlocked unlocked;
  buildEngine(onnx, engine, option);
}

// Messages of the log go to this pipe: see log.py. -1: nowhere.
std::mutex logMutex;
int logPipe = -1;

void writeLog(LogLevel level, const char* text) {
  try {
    const std::string message = std::to_string(static_cast<int>(level)) + text;
    const std::lock_guard lock(logMutex);
    static_cast<void>(logPipe >= 0 && write(logPipe, message.c_str(), message.size() + 1));
  } catch (const std::exception&) {
    return;  // there is no memory for it
  }
}

void logTo(int pipe) {
  const std::lock_guard lock(logMutex);
  logPipe = pipe;
  setLog(&writeLog);
}

// The option is a copy: another thread may change it meanwhile.
nb::object inspectFile(const std::string& file, InferOption option) {
  claimProcess();
  return pythonInfo(unlocked([&] { return inspect(file, option); }));
}

// Bytes that nobody has set, as a NumPy array that owns them.
nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<1>> pinnedMemory(std::size_t bytes) {
  claimProcess();
  auto buffer = std::make_unique<PinnedBuffer>(unlocked([&] { return PinnedBuffer(bytes); }));
  void* const data = buffer->data();
  const nb::capsule owner(buffer.get(), [](void* held) noexcept { delete static_cast<PinnedBuffer*>(held); });
  buffer.release();
  return {data, {bytes}, owner};
}

}  // namespace

NB_MODULE(_core, module) {
  nb::set_leak_warnings(false);  // models may outlive the interpreter: a thread that never ends keeps its own
  bindErrors(module);
  bindUnlocked(module);
  bindOptions(module);
  bindImages(module);
  bindEncoded(module);
  bindFrames(module);
  bindResults(module);
  bindSlices(module);
  bindModels(module);
  bindPools(module);
  bindSelfTests(module);
  bindPreprocess(module);
  module.def("version", &version);
  module.def("backends", &backends);
  module.def("set_library_folders", &setLibraryFolders, nb::arg("folders"));
  module.def("log_to", &logTo, nb::arg("pipe"));
  module.def("pinned_memory", &pinnedMemory, nb::arg("bytes"));
  module.def("inspect", &inspectFile, nb::arg("file"), nb::arg("option"));
  module.def("build_engine", &build, nb::arg("onnx"), nb::arg("engine"), nb::kw_only(), nb::arg("precision"),
             nb::arg("device_id"), nb::arg("batch"), nb::arg("size"), nb::arg("min_size"), nb::arg("head"),
             nb::arg("optimization_level"), nb::arg("workspace_bytes"), nb::arg("timing_cache"),
             nb::arg("on_progress"));
}

}  // namespace trtyolo::python
