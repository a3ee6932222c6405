// Fuzzes the readers of model files: any bytes as an ONNX file, with what is cut off it, as metadata in each of its
// forms, and as a file with a TensorRT plan. Built with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer by
// scripts/fuzz.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "model/cut/head_finder.hpp"
#include "model/description.hpp"
#include "model/onnx_file.hpp"
#include "model/onnx_graph.hpp"
#include "model/plugin_cut.hpp"
#include "model/self_test/self_test.hpp"
#include "runtime/plan_file.hpp"

namespace trtyolo {
namespace {

void readOnnx(std::string_view file) {
  externalFiles(file);
  const OnnxGraph graph(file);
  RawModel model;
  model.file = "fuzzed";
  model.metadata = parseOnnxMetadata(file);
  model.metadata[kOutputSources] = outputSources(graph);
  pluginsOf(graph);
  for (const OnnxNode& node : graph.nodes()) {
    for (const std::string_view value : node.inputs) {
      graph.sourceOf(value);
      graph.scalar(value);
      graph.typeOfConstant(value);
    }
  }
  const std::optional<std::string> cut = cutPlugins("fuzzed", file);
  if (cut && !pluginCutOf(parseOnnxMetadata(*cut))) {
    std::abort();  // a file that was cut says so
  }
  for (const OnnxValue& output : graph.outputs()) {
    model.outputs.push_back({std::string(output.name), "f32", {1, 84, 8400}});
  }
  model.inputs.push_back({"images", "f32", {1, 3, 640, 640}});
  findHead(graph, describe(model, {}));
}

void readMetadata(std::string_view text) {
  for (const Metadata& metadata : {parseMetadataYaml(text), parseMetadataJson(text).value_or(Metadata())}) {
    const std::string json = metadataJson(metadata);
    if (const auto again = parseMetadataJson(json); !again || *again != metadata) {
      std::abort();  // what is written is read again
    }
  }
  parseNames(text);
  parseInts(text);
  pluginCutOf({{kPluginCut, std::string(text)}});
  wordsOfSelfTest(text);
  try {
    headCutOf({{kHeadCut, std::string(text)}}, "fuzzed");
  } catch (const ModelError&) {
    // As below.
  }
}

}  // namespace
}  // namespace trtyolo

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(bytes), size);
  constexpr std::uint8_t kOnnx = 8;  // what ONNX files begin with
  try {
    if (size > 0 && bytes[0] == kOnnx) {
      trtyolo::readOnnx(file);
    } else {
      trtyolo::readMetadata(file);
      trtyolo::parsePlanFile("fuzzed", file);
    }
  } catch (const trtyolo::Error&) {
    // A refusal is a good answer.
  }
  return 0;
}
