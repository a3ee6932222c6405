// The backends: one folder below this one and one row of a table each.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "runtime/engine.hpp"
#include "runtime/model_source.hpp"

namespace trtyolo {

// What the library knows of a backend. Any thread.
struct BackendEntry {
  Backend id;
  const char* name;  // "OpenVINO", in messages
  bool onGpu;        // runs on GPUs: takes images in their memory, and its models have clones on several of them

  std::function<bool(FileKind)> opens;
  // Why it cannot be used on this machine, in a sentence; empty if it can.
  std::function<std::string()> whyNotUsable;
  std::function<std::string()> version;
  // Makes a model ready to run. Throws ModelError, DeviceError, and what the check throws.
  std::function<std::shared_ptr<const Engine>(const ModelSource&, const EngineOptions&, const DescriptionCheck&)> load;
  // What load() would see. Throws ModelError and DeviceError.
  std::function<ModelDescription(const ModelSource&, const EngineOptions&)> inspect;
  // See buildEngine(); empty if it has no engine files.
  std::function<void(const ModelSource& onnx, const std::string& engine, const BuildOption&)> build;
  // Page-locked memory that all its GPUs can read under the same address; empty if it has no GPUs. Throws DeviceError.
  std::function<std::shared_ptr<void>(std::size_t bytes)> pinned;
  std::function<int()> gpuCount;  // GPUs of the machine; empty: it runs on none
};

// Each backend's own row, in its folder; only of those built in. TensorRT's loads ONNX files, too: their engine is
// taken from the cache, or built.
namespace openvino {
BackendEntry backend();
}
namespace tensorrt {
BackendEntry backend();
}

// Those built in; the preferred one first.
std::span<const BackendEntry> backendTable();

// The backend that the options name, else the first that opens the file and can be used here. Throws ModelError or
// DeviceError that says why there is none.
const BackendEntry& chooseBackend(std::span<const BackendEntry> table, const ModelSource& source,
                                  const EngineOptions& options);

// What would be loaded from the file, without making it ready to run. Throws ModelError and DeviceError.
ModelDescription inspectFile(const std::string& path, const EngineOptions& options);

// See buildEngine(); the option is checked.
void buildEngineFile(const std::string& onnx, const std::string& engine, const BuildOption& option);

// GPUs that backends built in can run on.
int countGpus();

// Name and version of each backend built in.
std::map<std::string, std::string> builtInBackends();

}  // namespace trtyolo
