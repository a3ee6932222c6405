#include "runtime/backends.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/files.hpp"

namespace trtyolo {
namespace {

const char* nameOf(FileKind kind) {
  switch (kind) {
    case FileKind::OpenVinoIr:
      return "an OpenVINO IR";
    case FileKind::TensorRtEngine:
      return "a TensorRT engine";
    case FileKind::OnnxOrUnknown:
      break;
  }
  return "an ONNX model";
}

// What to do with a file that no backend can open here.
const char* adviceFor(FileKind kind) {
  return kind == FileKind::OnnxOrUnknown ? "" : "; give the .onnx that it was made from";
}

const char* nameOf(Backend backend) {
  return backend == Backend::TensorRT ? "TensorRT" : "OpenVINO";
}

std::string builtIn(std::span<const BackendEntry> table) {
  std::string names;
  for (const BackendEntry& entry : table) {
    names += (names.empty() ? "" : " and ") + std::string(entry.name);
  }
  return "this build of trtyolo has " + names + " only";
}

bool anyOnGpu(std::span<const BackendEntry> table) {
  return std::any_of(table.begin(), table.end(), [](const BackendEntry& entry) { return entry.onGpu; });
}

}  // namespace

std::span<const BackendEntry> backendTable() {
  static const std::vector<BackendEntry> table{
#ifdef TRTYOLO_HAS_TENSORRT
      tensorrt::backend(),
#endif
#ifdef TRTYOLO_HAS_OPENVINO
      openvino::backend(),
#endif
  };
  return table;
}

const BackendEntry& chooseBackend(std::span<const BackendEntry> table, const ModelSource& source,
                                  const EngineOptions& options) {
  const std::string file = "'" + source.path() + "': ";
  const std::string kind = nameOf(source.kind()), advice = adviceFor(source.kind());
  const bool asked = options.backend != Backend::Auto;
  std::string unusable;  // those that open the file, and why they cannot be used
  bool onCpu = false;    // one could be used if the images were not in GPU memory
  for (const BackendEntry& entry : table) {
    if (asked && options.backend != entry.id) {
      continue;
    }
    if (!entry.opens(source.kind())) {
      if (asked) {
        throw ModelError(file + kind + " cannot be run by " + entry.name + ", which was asked for" + advice);
      }
      continue;
    }
    if (const std::string why = entry.whyNotUsable(); !why.empty()) {
      unusable += (unusable.empty() ? "" : "; ") + std::string(entry.name) + (asked ? ", which was asked for," : "") +
                  " cannot be used here: " + why;
    } else if (options.deviceImages && !entry.onGpu) {
      onCpu = true;
    } else {
      return entry;
    }
  }
  if (onCpu) {
    const std::string why = !unusable.empty() ? unusable : asked || anyOnGpu(table) ? "" : builtIn(table);
    throw ModelError(file + "enableCudaMem() says that images are in GPU memory, but the model would run on the CPU" +
                     (why.empty() ? "" : ": " + why));
  }
  if (!unusable.empty()) {
    throw DeviceError(file + kind + " cannot be run: " + unusable + advice);
  }
  throw ModelError(file + (asked ? nameOf(options.backend) + std::string(" was asked for") : kind) + ", but " +
                   builtIn(table) + advice);
}

ModelDescription inspectFile(const std::string& path, const EngineOptions& options) {
  const ModelSource source(path);
  return chooseBackend(backendTable(), source, options).inspect(source, options);
}

void buildEngineFile(const std::string& onnx, const std::string& engine, const BuildOption& option) {
  const ModelSource source(onnx);
  if (source.kind() != FileKind::OnnxOrUnknown) {
    throw ModelError("'" + onnx + "': an engine is built from an ONNX model, found " + nameOf(source.kind()));
  }
  // It is read and written without waiting, and nothing else may be replaced by it.
  std::error_code error;
  const std::string why = option.timingCache.empty() ? "" : whyNoFile(option.timingCache);
  if (!why.empty() && std::filesystem::exists(option.timingCache, error)) {
    throw ModelError("'" + option.timingCache + "': timings cannot be kept there: " + why);
  }
  const auto table = backendTable();
  const auto builder =
      std::find_if(table.begin(), table.end(), [](const BackendEntry& entry) { return entry.build != nullptr; });
  if (builder == table.end()) {
    throw DeviceError("'" + engine + "': engines are built by TensorRT, but " + builtIn(table));
  }
  if (const std::string reason = builder->whyNotUsable(); !reason.empty()) {
    throw DeviceError("'" + engine + "': engines are built by " + builder->name +
                      ", which cannot be used here: " + reason);
  }
  builder->build(source, engine, option);
}

int countGpus() {
  int most = 0;
  for (const BackendEntry& backend : backendTable()) {
    if (backend.gpuCount) {
      most = std::max(most, backend.gpuCount());
    }
  }
  return most;
}

std::map<std::string, std::string> builtInBackends() {
  std::map<std::string, std::string> versions;
  for (const BackendEntry& entry : backendTable()) {
    const std::string why = entry.whyNotUsable();
    versions[toString(entry.id)] = entry.version() + (why.empty() ? "" : ", not usable here: " + why);
  }
  return versions;
}

}  // namespace trtyolo
