#include "runtime/openvino/reader.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <openvino/frontend/manager.hpp>
#include <sstream>

#include "runtime/openvino/nms_plugin.hpp"

namespace trtyolo::openvino {
namespace {

namespace fs = std::filesystem;

constexpr bool kMapFiles = true;  // weights of OpenVINO IR stay in the file, and processes share them

std::string readWhole(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<int> shapeOf(const ov::PartialShape& shape) {
  std::vector<int> sides;
  if (shape.rank().is_static()) {
    for (const ov::Dimension& side : shape) {
      sides.push_back(side.is_static() ? static_cast<int>(side.get_length()) : -1);
    }
  }
  return sides;
}

template <typename Ports>
std::vector<TensorInfo> tensorsOf(const Ports& ports) {
  std::vector<TensorInfo> tensors;
  for (const auto& port : ports) {
    const auto& names = port.get_names();
    tensors.push_back({names.empty() ? port.get_node()->get_friendly_name() : port.get_any_name(),
                       port.get_element_type().to_string(), shapeOf(port.get_partial_shape())});
  }
  return tensors;
}

// The ONNX reader keeps an ONNX file's metadata_props under "framework"; Ultralytics' OpenVINO models have a
// metadata.yaml beside them.
Metadata metadataOf(const ov::Model& network, const std::string& path, const ModelFile& file) {
  Metadata metadata;
  const auto& info = network.get_rt_info();
  if (const auto framework = info.find("framework"); framework != info.end() && framework->second.is<ov::AnyMap>()) {
    for (const auto& [key, value] : framework->second.as<ov::AnyMap>()) {
      if (value.is<std::string>()) {
        metadata[key] = value.as<std::string>();
      }
    }
  }
  if (file.kind == FileKind::OpenVinoIr && metadata.empty()) {
    metadata = parseMetadataYaml(readWhole(fs::path(path).parent_path() / "metadata.yaml"));
  }
  return metadata;
}

// The reader is named, not searched for: OpenVINO would try those of all the formats that it knows, by the file's name.
std::shared_ptr<ov::Model> readNetwork(const std::string& path, FileKind kind, NmsPluginCutter& cutter) {
  ov::frontend::FrontEndManager manager;
  if (kind == FileKind::OpenVinoIr) {
    const auto reader = manager.load_by_framework("ir");
    return reader->convert(reader->load(path, fs::path(path).replace_extension(".bin").string(), kMapFiles));
  }
  const auto reader = manager.load_by_framework("onnx");
  cutter.install(*reader);
  return cutter.cut(reader->convert(reader->load(path, kMapFiles)));
}

}  // namespace

std::string plainMessage(const std::exception& error) {
  std::istringstream text(error.what());
  std::string message;
  for (std::string line; std::getline(text, line);) {
    const bool noise = line.empty() || line.starts_with("Exception from ") || line.starts_with("Check '");
    if (!noise) {
      message += (message.empty() ? "" : " ") + line;
    }
  }
  return message.empty() ? error.what() : message;
}

ReadModel readModel(const std::string& path, const ModelFile& file, const EngineOptions& options) {
  ReadModel result;
  NmsPluginCutter cutter;
  try {
    result.network = readNetwork(path, file.kind, cutter);
  } catch (const std::exception& error) {
    throw ModelError("'" + path + "': not a readable " + (file.kind == FileKind::OpenVinoIr ? "OpenVINO IR" : "ONNX") +
                     " model (damaged, incomplete, or something else): " + plainMessage(error));
  }

  RawModel raw;
  raw.file = path;
  raw.fileBytes = file.bytes;
  raw.inputs = tensorsOf(result.network->inputs());
  raw.outputs = tensorsOf(result.network->outputs());
  raw.suppression = cutter.suppression();
  raw.metadata = metadataOf(*result.network, path, file);
  result.description = describe(raw, options.description);
  result.description.info.backend = "openvino";
  result.description.info.precision = toString(options.precision);
  return result;
}

}  // namespace trtyolo::openvino
