// Files of engines: what is written is what is read, however much metadata stands before the plan.
#include "runtime/plan_file.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "base/files.hpp"
#include "runtime/model_source.hpp"
#include "support/temp_dir.hpp"

namespace trtyolo {
namespace {

// As Ultralytics writes them.
std::string namesOf(std::size_t count, const std::string& name) {
  std::string names = "{";
  for (std::size_t i = 0; i < count; ++i) {
    names += (i > 0 ? ", " : "") + std::to_string(i) + ": '" + name + std::to_string(i) + "'";
  }
  return names + "}";
}

TEST(PlanFileTest, IsReadAsItWasWritten) {
  const test::TempDir folder;
  const std::string path = folder / "some.engine", plan = std::string("ftrt\0\1{\"plan", 12);
  struct Size {
    std::size_t classes, more;
  };
  for (const auto [classes, more] :
       {Size{1, 0}, {4584, 0}, {4585, 0}, {65'536, 0}, {1, 20'000'000}}) {  // that makes a length of four bytes
    const std::string names = namesOf(classes, "class");
    const Metadata metadata{{"names", names}, {"task", "detect"}, {"more", std::string(more, 'x')}};
    writePlanFile(path, {metadata, plan});
    const ModelSource source(path);
    ASSERT_EQ(source.kind(), FileKind::TensorRtEngine) << classes;
    const PlanFile read = parsePlanFile(path, source.content());
    EXPECT_TRUE(read.metadata == metadata) << classes;
    EXPECT_EQ(read.plan, plan) << classes;
    EXPECT_EQ(parseNames(read.metadata.at("names"))->size(), classes);
  }
  writePlanFile(path, {{}, plan});
  EXPECT_EQ(ModelSource(path).kind(), FileKind::TensorRtEngine);
  EXPECT_EQ(parsePlanFile(path, ModelSource(path).content()).plan, plan);
}

TEST(PlanFileTest, SaysWhatBuiltIt) {
  EXPECT_EQ(builtWith({{"tensorrt", "10.6.0"}, {"gpu", "NVIDIA H200"}}),
            "; it was built with TensorRT 10.6.0 for NVIDIA H200");
  EXPECT_EQ(builtWith({{"tensorrt", "10.6.0"}}), "; it was built with TensorRT 10.6.0");
  EXPECT_EQ(builtWith({{"gpu", "NVIDIA H200"}}), "");
}

TEST(PlanFileTest, ADamagedOneIsNamed) {
  const test::TempDir folder;
  const std::string path = folder / "some.engine";
  writePlanFile(path, {{{"names", namesOf(4585, "class")}}, "ftrt"});
  const std::string whole = *readFile(path);
  for (const std::size_t length : {std::size_t{10}, whole.size() / 2}) {
    folder.write("some.engine", whole.substr(0, length));
    const ModelSource source(path);
    EXPECT_EQ(source.kind(), FileKind::TensorRtEngine);
    EXPECT_THROW(parsePlanFile(path, source.content()), ModelError);
  }
}

}  // namespace
}  // namespace trtyolo
