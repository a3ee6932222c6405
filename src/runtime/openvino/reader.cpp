#include "runtime/openvino/reader.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <openvino/frontend/manager.hpp>
#include <openvino/op/result.hpp>
#include <sstream>
#include <vector>

#include "model/cut/head_finder.hpp"
#include "model/onnx_graph.hpp"
#include "model/plugin_cut.hpp"
#include "model/raw_candidates.hpp"
#include "model/self_test/self_test.hpp"
#include "runtime/openvino/network_end.hpp"

namespace trtyolo::openvino {
namespace {

constexpr bool kMapFiles = true;  // weights of OpenVINO IR stay in the file, and processes share them

std::vector<int> shapeOf(const ov::PartialShape& shape) {
  std::vector<int> sides;
  if (shape.rank().is_static()) {
    for (const ov::Dimension& side : shape) {
      constexpr std::int64_t kMostSide = std::numeric_limits<int>::max();
      sides.push_back(side.is_static() ? static_cast<int>(std::min<std::int64_t>(side.get_length(), kMostSide)) : -1);
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

// The ONNX reader keeps an ONNX file's metadata_props under "framework", and so does IR that was made of it.
Metadata metadataOf(ov::Model& network) {
  Metadata metadata;
  const char* const kFramework = "framework";
  auto& info = network.get_rt_info();
  const auto framework = info.find(kFramework);
  if (framework != info.end() && !framework->second.is<ov::AnyMap>() && !framework->second.is<std::string>()) {
    // Of IR it is still XML, and becomes a map when something is added.
    const char* const kAdded = "trtyolo_read";
    network.set_rt_info(std::string(), kFramework, kAdded);
    framework->second.as<ov::AnyMap>().erase(kAdded);
  }
  if (framework != info.end() && framework->second.is<ov::AnyMap>()) {
    for (const auto& [key, value] : framework->second.as<ov::AnyMap>()) {
      if (value.is<std::string>()) {
        metadata[key] = value.as<std::string>();
      }
    }
  }
  return metadata;
}

// Moves the record of an IR's self-test, which stands beside "framework", to the metadata.
void takeSelfTest(ov::Model& network, Metadata& metadata) {
  auto& info = network.get_rt_info();
  const auto record = info.find(kSelfTest);
  if (record == info.end()) {
    return;
  }
  if (record->second.is<std::string>()) {
    metadata[kSelfTest] = record->second.as<std::string>();
  }
  info.erase(record);
}

// The reader is named, not searched for: OpenVINO would try those of all the formats that it knows, by the file's name.
std::shared_ptr<ov::Model> readNetwork(const ModelSource& source, const std::string& weights,
                                       const std::optional<std::string>& cut) {
  ov::frontend::FrontEndManager manager;
  const std::string& path = source.path();
  if (source.kind() == FileKind::OpenVinoIr) {
    const auto reader = manager.load_by_framework("ir");
    return reader->convert(reader->load(path, weights, kMapFiles));
  }
  const auto reader = manager.load_by_framework("onnx");
  if (!cut) {
    return reader->convert(reader->load(path, kMapFiles));
  }
  // External data lies beside the file, whatever is read instead of it.
  std::istringstream bytes(*cut);
  return reader->convert(reader->load(static_cast<std::istream*>(&bytes), path));
}

// The values with these names; empty if the network does not have them all.
ov::OutputVector valuesOf(const ov::Model& network, const std::vector<std::string>& names) {
  std::map<std::string, ov::Output<ov::Node>> values;
  for (const auto& node : network.get_ordered_ops()) {
    for (const ov::Output<ov::Node>& value : node->outputs()) {
      for (const std::string& name : value.get_names()) {
        values.emplace(name, value);
      }
    }
  }
  ov::OutputVector found;
  for (const std::string& name : names) {
    const auto value = values.find(name);
    if (value == values.end()) {
      return {};
    }
    found.push_back(value->second);
  }
  return found;
}

// The network with these values as its outputs.
std::shared_ptr<ov::Model> networkOf(const ov::Model& network, const ov::OutputVector& values) {
  ov::ResultVector results;
  for (const ov::Output<ov::Node>& value : values) {
    results.push_back(std::make_shared<ov::op::v0::Result>(value));
  }
  return std::make_shared<ov::Model>(results, network.get_parameters(), network.get_friendly_name());
}

struct Finding {
  HeadFinding head;
  ov::OutputVector values;  // of its last convolutions, and the prototypes of masks
};

// Where an ONNX file's graph can be cut.
Finding findIn(const OnnxGraph& graph, const ReadModel& model) {
  Finding found{findHead(graph, model.description), {}};
  if (found.head.cut) {
    found.values = valuesOf(*model.network, found.head.cut->outputs);
    if (found.values.empty()) {
      found.head = {std::nullopt, "OpenVINO names its values otherwise"};
    }
  }
  return found;
}

// Where a network can be cut that came without an ONNX graph.
Finding findIn(const ReadModel& model) {
  const ModelDescription& description = model.description;
  std::vector<std::string_view> names;
  names.reserve(description.info.outputs.size());
  for (const TensorInfo& output : description.info.outputs) {
    names.push_back(output.name);
  }
  Finding found;
  found.head = findHead(description, names, [&](const std::vector<std::size_t>& outputs) {
    auto end = std::make_unique<OpenVinoEnd>(*model.network, outputs);
    found.values = end->values();
    return end;
  });
  if (found.head.cut && found.head.cut->prototypes) {
    found.values.push_back(model.network->get_results()[description.layout.prototypes]->input_value(0));
  }
  return found;
}

// Cuts the network behind its last convolutions, if that is wanted and can be.
void cutHead(const std::optional<OnnxGraph>& graph, HeadMode wanted, ReadModel& model) {
  if (wanted == HeadMode::Whole) {
    keepWhole(model.description, wanted, "");
    return;
  }
  const Finding finding = graph ? findIn(*graph, model) : findIn(model);
  const HeadFinding& found = finding.head;
  if (!found.cut) {
    keepWhole(model.description, wanted, found.why);
    return;
  }
  const std::shared_ptr<ov::Model> cut = networkOf(*model.network, finding.values);
  std::vector<Shape> shapes;
  for (const auto& output : cut->outputs()) {
    const std::vector<int> shape = shapeOf(output.get_partial_shape());
    shapes.emplace_back(shape.begin(), shape.end());
  }
  if (!coverOneInput(found.cut->head, [&](std::size_t output) -> const Shape& { return shapes[output]; })) {
    keepWhole(model.description, wanted, kOtherGrids);
    return;
  }
  takeCut(model.description, *found.cut, found.cut->outputs);
  model.network = cut;
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

ReadModel readModel(const ModelSource& source, const EngineOptions& options) {
  ReadModel result;
  RawModel raw;
  raw.file = source.path();
  raw.fileBytes = source.bytes();
  const bool onnx = source.kind() == FileKind::OnnxOrUnknown;
  const char* const unreadable = onnx ? "not a readable ONNX model (damaged, incomplete, or something else)"
                                      : "not a readable OpenVINO IR model (damaged, incomplete, or something else)";
  // Refuses what OpenVINO should not read by itself.
  source.content();
  const std::vector<SideFile>& files = source.sideFiles();
  std::optional<std::string> cut;
  std::string sources;
  std::optional<OnnxGraph> graph;
  if (onnx) {
    cut = cutPlugins(source.path(), source.content());
    graph.emplace(cut ? *cut : source.content());
    if (const std::string plugins = pluginsOf(*graph); !plugins.empty()) {
      throw ModelError("'" + source.path() + "': it needs plugins of TensorRT that OpenVINO does not have (" + plugins +
                       "); run it on a GPU, or export it without them");
    }
    sources = outputSources(*graph);
  }
  askOpenVino<ModelError>(source.path(), unreadable, [&] {
    result.network = readNetwork(source, onnx ? "" : files[0].path, cut);
    raw.inputs = tensorsOf(result.network->inputs());
    raw.outputs = tensorsOf(result.network->outputs());
    raw.metadata = metadataOf(*result.network);
  });
  if (onnx) {
    raw.metadata[kOutputSources] = sources;
  } else if (raw.metadata.empty()) {
    raw.metadata = parseMetadataYaml(source.metadataBeside());  // Ultralytics' OpenVINO models have one
  }
  takeSelfTest(*result.network, raw.metadata);
  result.description = describe(raw, options.description);
  result.description.info.backend = "openvino";
  result.description.info.precision = toString(options.precision);
  cutHead(graph, options.description.head, result);
  return result;
}

}  // namespace trtyolo::openvino
