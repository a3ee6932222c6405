// Self-tests in files of every kind: put in, replaced, and taken out again.
#include "runtime/self_test_file.hpp"

#include <gtest/gtest.h>

#include <openvino/openvino.hpp>
#include <string>

#include "base/files.hpp"
#include "model/metadata.hpp"
#include "model/onnx_file.hpp"
#include "model/self_test/self_test.hpp"
#include "runtime/plan_file.hpp"
#include "support/references.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

const std::string kRecord = R"({"version": 1, "words": "a <b> & 'c' \"d\" /> </net>"})";

// As OpenVINO reads it; empty if there is none.
std::string recordOfIr(const std::string& path) {
  const auto network = ov::Core().read_model(path);
  const auto& info = network->get_rt_info();
  const auto record = info.find(kSelfTest);
  return record == info.end() ? "" : record->second.as<std::string>();
}

TEST(SelfTestFileTest, OnnxFilesKeepAllElse) {
  const test::TempDir folder;
  const std::string before = readFile(test::dataPath("shapes/classify.onnx")).value();
  const std::string path = folder.write("model.onnx", before);
  const Metadata metadata = parseOnnxMetadata(before);
  writeSelfTest(path, kRecord);
  writeSelfTest(path, kRecord + " ");
  Metadata after = parseOnnxMetadata(readFile(path).value());
  EXPECT_EQ(after[kSelfTest], kRecord + " ");
  after.erase(kSelfTest);
  EXPECT_EQ(after, metadata);
  EXPECT_LT(readFile(path).value().size(), before.size() + 2 * kRecord.size());
  writeSelfTest(path, "");
  EXPECT_EQ(readFile(path).value(), before);
  writeSelfTest(path, "");
  EXPECT_EQ(readFile(path).value(), before);
}

TEST(SelfTestFileTest, EnginesKeepTheirMetadataAndPlan) {
  const test::TempDir folder;
  const std::string plan = std::string("ftrt\0\1{\"plan", 12), path = folder / "model.engine";
  for (const Metadata& metadata : {Metadata{{"task", "detect"}, {"names", "{0: 'a'}"}}, Metadata{}}) {
    writePlanFile(path, {metadata, plan});
    writeSelfTest(path, kRecord);
    writeSelfTest(path, kRecord);
    std::string bytes = readFile(path).value();
    PlanFile file = parsePlanFile(path, bytes);
    EXPECT_EQ(file.metadata[kSelfTest], kRecord);
    EXPECT_EQ(file.plan, plan);
    writeSelfTest(path, "");
    bytes = readFile(path).value();
    file = parsePlanFile(path, bytes);
    EXPECT_EQ(file.metadata, metadata);
    EXPECT_EQ(file.plan, plan);
  }
  folder.write("model.engine", plan);  // without metadata
  writeSelfTest(path, kRecord);
  const std::string bytes = readFile(path).value();
  EXPECT_EQ(parsePlanFile(path, bytes).plan, plan);
}

TEST(SelfTestFileTest, IrIsReadByOpenVino) {
  const test::TempDir folder;
  const std::string path =
      writeTinyModel(folder, "tiny", {{1, 3, 64, 64}, {test::detectorOutput(2, 84, {{30, 30, 20, 20, 1, 0.9F}})}, ""});
  const std::string before = readFile(path).value();
  writeSelfTest(path, kRecord);
  EXPECT_EQ(recordOfIr(path), kRecord);
  writeSelfTest(path, kRecord + " ");
  EXPECT_EQ(recordOfIr(path), kRecord + " ");
  // Written anew by OpenVINO it is still there.
  const std::string copy = folder / "copy.xml";
  ov::serialize(ov::Core().read_model(path), copy);
  EXPECT_EQ(recordOfIr(copy), kRecord + " ");
  writeSelfTest(copy, "");
  EXPECT_EQ(recordOfIr(copy), "");
  writeSelfTest(path, "");
  EXPECT_EQ(recordOfIr(path), "");
  EXPECT_LT(readFile(path).value().size(), before.size() + 100);
}

TEST(SelfTestFileTest, IrHasItsEntryWhereOpenVinoHasIt) {
  const std::string entry = "<trtyolo_self_test value=\"x\" />";
  for (const char* xml : {"<net name=\"a\">\n\t<layers />\n</net>\n", "<net><rt_info />\n</net>",
                          "<net><layers><layer><rt_info></rt_info></layer></layers>\n</net>",
                          "<net>\n\t<rt_info>\n\t\t<a value=\"b\" />\n\t</rt_info>\n</net>"}) {
    const std::string with = withIrSelfTest("x.xml", xml, "x");
    const std::size_t at = with.find(entry);
    ASSERT_NE(at, std::string::npos) << with;
    EXPECT_EQ(with.find(entry, at + 1), std::string::npos);
    EXPECT_LT(with.rfind("<rt_info>"), at) << with;
    EXPECT_GT(with.rfind("</rt_info>"), at) << with;
    EXPECT_GT(with.rfind("</net>"), with.rfind("</rt_info>"));
    EXPECT_EQ(withIrSelfTest("x.xml", with, "x"), with);
    EXPECT_EQ(withIrSelfTest("x.xml", with, "").find(entry), std::string::npos);
  }
  EXPECT_THROW(withIrSelfTest("x.xml", "<net>", "x"), ModelError);
}

}  // namespace
}  // namespace trtyolo
