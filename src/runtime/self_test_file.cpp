#include "runtime/self_test_file.hpp"

#include "base/files.hpp"
#include "model/onnx_rewriting.hpp"
#include "model/self_test/self_test.hpp"
#include "runtime/model_source.hpp"
#include "runtime/plan_file.hpp"
#include "trtyolo/errors.hpp"

namespace trtyolo {
namespace {

std::string escaped(std::string_view text) {
  std::string xml;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        xml += "&amp;";
        break;
      case '<':
        xml += "&lt;";
        break;
      case '>':
        xml += "&gt;";
        break;
      case '"':
        xml += "&quot;";
        break;
      default:
        xml += letter;
    }
  }
  return xml;
}

// Without what is between `begin` and the `end` behind it, and the spaces before.
void eraseElement(std::string& xml, std::string_view begin, std::string_view end) {
  for (std::size_t at = 0; (at = xml.find(begin, at)) != std::string::npos;) {
    const std::size_t behind = xml.find(end, at);
    if (behind == std::string::npos) {
      return;
    }
    const std::size_t text = at == 0 ? std::string::npos : xml.find_last_not_of(" \t\r\n", at - 1);
    at = text == std::string::npos ? at : text + 1;
    xml.erase(at, behind + end.size() - at);
  }
}

}  // namespace

// The entry is a child of the <rt_info> that is the last child of <net>, as OpenVINO writes it.
std::string withIrSelfTest(const std::string& path, std::string_view xml, std::string_view record) {
  constexpr std::string_view kEnd = "</net>", kInfo = "<rt_info>", kInfoEnd = "</rt_info>", kNoInfo = "<rt_info />";
  std::string text(xml);
  eraseElement(text, std::string("<") + kSelfTest + " ", "/>");
  const std::size_t end = text.rfind(kEnd);
  if (end == std::string::npos) {
    throw ModelError("'" + path + "': an OpenVINO IR ends with " + std::string(kEnd) + ", which was not found");
  }
  if (record.empty()) {
    return text;
  }
  const std::string entry = "\t\t<" + std::string(kSelfTest) + " value=\"" + escaped(record) + "\" />\n\t";
  std::string_view before = std::string_view(text).substr(0, end);
  before = before.substr(0, before.find_last_not_of(" \t\r\n") + 1);
  if (before.ends_with(kInfoEnd)) {
    const std::size_t at = before.size() - kInfoEnd.size();
    const std::size_t inside = before.substr(0, at).find_last_not_of(" \t\r\n") + 1;
    return text.replace(inside, at - inside, "\n" + entry);
  }
  if (before.ends_with(kNoInfo)) {
    return text.replace(before.size() - kNoInfo.size(), kNoInfo.size(),
                        std::string(kInfo) + "\n" + entry + std::string(kInfoEnd));
  }
  return text.replace(before.size(), end - before.size(),
                      "\n\t" + std::string(kInfo) + "\n" + entry + std::string(kInfoEnd) + "\n");
}

void writeSelfTest(const std::string& path, const std::string& record) {
  const ModelSource source(path);
  if (source.kind() == FileKind::TensorRtEngine) {
    PlanFile plan = parsePlanFile(path, source.content());
    const bool had = plan.metadata.erase(kSelfTest) > 0;
    if (!record.empty()) {
      plan.metadata[kSelfTest] = record;
    }
    if (had || !record.empty()) {
      writePlanFile(path, plan);
    }
    return;
  }
  const std::string content = source.kind() == FileKind::OpenVinoIr
                                  ? withIrSelfTest(path, source.content(), record)
                                  : withOnnxMetadata(source.content(), kSelfTest, record);
  if (content == source.content()) {
    return;
  }
  if (const auto error = writeFile(path, {content})) {
    throw ModelError("'" + path + "': the self-test cannot be written: " + error.message());
  }
}

}  // namespace trtyolo
