// The files of a model: what they are, and that their content is read once.
#include "runtime/model_source.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/onnx_writer.hpp"
#include "support/temp_dir.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

// A field of Protocol Buffers that has a length.
std::string field(int number, const std::string& content) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(content.size())} + content;
}

// An ONNX model whose one tensor is in another file.
std::string onnxWith(const std::string& location) {
  constexpr int kGraph = 7, kInitializer = 5, kExternalData = 13;
  const std::string entry = field(1, "location") + field(2, location);
  return field(kGraph, field(kInitializer, field(kExternalData, entry)));
}

class ModelSourceTest : public testing::Test {
 protected:
  static std::string refusalOf(const ModelSource& source) {
    try {
      source.fingerprint();
      return "";
    } catch (const ModelError& error) {
      return error.what();
    }
  }

  const test::TempDir folder_;
};

TEST_F(ModelSourceTest, KindsAreToldByTheContent) {
  const auto kindOf = [this](const std::string& content) {
    return ModelSource(folder_.write("model.onnx", content)).kind();
  };
  EXPECT_EQ(kindOf("\x08\x08..."), FileKind::OnnxOrUnknown);
  EXPECT_EQ(kindOf("\xEF\xBB\xBF <?xml version=\"1.0\"?>"), FileKind::OpenVinoIr);
  EXPECT_EQ(kindOf("<net name=\"a\">"), FileKind::OpenVinoIr);
  EXPECT_EQ(kindOf("ftrt..."), FileKind::TensorRtEngine);
  EXPECT_EQ(kindOf(std::string("\x09\x01\0\0{\"task\"", 11)), FileKind::TensorRtEngine);
  EXPECT_EQ(kindOf(std::string("\x09\x01\xFF\0{\"task\"", 11)), FileKind::TensorRtEngine);  // thousands of names
}

TEST_F(ModelSourceTest, WeightsOfAnIrCount) {
  const std::string file = folder_.write("model.xml", "<net/>");
  EXPECT_EQ(ModelSource(file).bytes(), 6U);
  folder_.write("model.bin", "1234");
  EXPECT_EQ(ModelSource(file).bytes(), 10U);
  const std::string before = ModelSource(file).fingerprint();
  folder_.write("model.bin", "1235");
  EXPECT_NE(ModelSource(file).fingerprint(), before);
}

TEST_F(ModelSourceTest, AFingerprintIsThatOfTheContent) {
  const std::string file = folder_.write("model.onnx", "one");
  const std::string one = ModelSource(file).fingerprint();
  EXPECT_EQ(ModelSource(folder_.write("copy.onnx", "one")).fingerprint(), one);
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(ModelSource(file).fingerprint(), one);
  // The same size at the same time: only the content tells.
  const auto written = std::filesystem::last_write_time(file);
  folder_.write("model.onnx", "two");
  std::filesystem::last_write_time(file, written);
  EXPECT_NE(ModelSource(file).fingerprint(), one);
}

TEST_F(ModelSourceTest, WhatWasReadIsNotReadAgain) {
  const std::string file = folder_.write("model.onnx", "one");
  const std::string one = ModelSource(file).fingerprint();
  const ModelSource source(file);
  EXPECT_EQ(source.content(), "one");
  folder_.write("model.onnx", "another");
  EXPECT_EQ(source.content(), "one");
  EXPECT_EQ(source.fingerprint(), one);
  std::filesystem::remove(file);
  EXPECT_EQ(source.fingerprint(), one);
}

TEST_F(ModelSourceTest, SideFilesOfAnOnnxModel) {
  const ModelSource source(folder_.write("model.onnx", onnxWith("w.bin")));
  EXPECT_NE(refusalOf(source).find("its weights are in 'w.bin', which cannot be read: no such file"), std::string::npos)
      << refusalOf(source);
  folder_.write("w.bin", "1234");
  ASSERT_EQ(source.sideFiles().size(), 1U);
  EXPECT_EQ(source.sideFiles()[0].name, "w.bin");
  EXPECT_EQ(source.sideFiles()[0].path, std::filesystem::canonical(folder_ / "w.bin"));
  const std::string fingerprint = source.fingerprint();
  folder_.write("w.bin", "1235");
  EXPECT_EQ(source.fingerprint(), fingerprint);
  EXPECT_NE(ModelSource(source.path()).fingerprint(), fingerprint);
  // Another folder with the same files holds the same model.
  std::filesystem::create_directory(folder_ / "moved");
  folder_.write("moved/w.bin", "1234");
  EXPECT_EQ(ModelSource(folder_.write("moved/model.onnx", onnxWith("w.bin"))).fingerprint(), fingerprint);
}

TEST_F(ModelSourceTest, SideFilesOutsideOfTheFolderAreNotRead) {
  folder_.write("w.bin", "1234");
  std::filesystem::create_directory(folder_ / "inside");
  for (const std::string& location : {std::string("../w.bin"), folder_ / "w.bin"}) {
    const ModelSource source(folder_.write("inside/model.onnx", onnxWith(location)));
    EXPECT_NE(refusalOf(source).find("outside of the model's folder"), std::string::npos) << refusalOf(source);
  }
}

// Reading, building and hashing all ask for the side files: none of them may follow a link out of the folder.
TEST_F(ModelSourceTest, LinksDoNotLeadOutOfTheFolder) {
  const std::string secret = folder_.write("secret", "1234");
  std::filesystem::create_directory(folder_ / "inside");
  std::filesystem::create_directory(folder_ / "inside/sub");
  std::filesystem::create_symlink(secret, folder_ / "inside/w.bin");
  std::filesystem::create_directory_symlink(folder_ / "", folder_ / "inside/up");
  for (const char* location : {"w.bin", "up/secret", "sub/../../secret", "sub/../w.bin"}) {
    const ModelSource source(folder_.write("inside/model.onnx", onnxWith(location)));
    EXPECT_THROW(source.sideFiles(), ModelError) << location;
    EXPECT_NE(refusalOf(source).find("outside of the model's folder"), std::string::npos) << refusalOf(source);
  }
  folder_.write("inside/model.xml", "<net/>");
  std::filesystem::create_symlink(secret, folder_ / "inside/model.bin");
  EXPECT_NE(refusalOf(ModelSource(folder_ / "inside/model.xml")).find("outside"), std::string::npos);
  // Within the folder they are what they lead to.
  folder_.write("inside/sub/w.bin", "1234");
  std::filesystem::create_symlink("sub/w.bin", folder_ / "inside/link.bin");
  EXPECT_EQ(ModelSource(folder_.write("inside/model.onnx", onnxWith("link.bin"))).sideFiles()[0].path,
            std::filesystem::canonical(folder_ / "inside/sub/w.bin"));
}

// A cache of downloads keeps the files of a model in one folder and links to them in another.
TEST_F(ModelSourceTest, TheFolderOfALinkedModelIsItsOwn) {
  std::filesystem::create_directory(folder_ / "blobs");
  std::filesystem::create_directory(folder_ / "snapshot");
  folder_.write("blobs/1", onnxWith("w.bin"));
  folder_.write("blobs/2", "1234");
  std::filesystem::create_symlink("../blobs/1", folder_ / "snapshot/model.onnx");
  std::filesystem::create_symlink("../blobs/2", folder_ / "snapshot/w.bin");
  const ModelSource source(folder_ / "snapshot/model.onnx");
  EXPECT_EQ(source.sideFiles()[0].path, std::filesystem::canonical(folder_ / "blobs/2"));
  EXPECT_EQ(refusalOf(source), "");
}

// What a side file is not, is said at once: no pipe is waited for, and nothing without an end is read.
TEST_F(ModelSourceTest, SideFilesAreRegularFiles) {
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("/dev/zero", folder_ / "endless");
  std::filesystem::create_directory(folder_ / "folder");
  for (const char* name : {"pipe", "endless", "folder", "missing"}) {
    const std::string path = folder_ / name;
    const ModelSource onnx(folder_.write("model.onnx", onnxWith(name)));
    EXPECT_NE(refusalOf(onnx).find(std::string("'") + name + "', which cannot be read"), std::string::npos)
        << refusalOf(onnx);
    if (name == std::string("missing")) {
      continue;
    }
    const test::TempDir beside;
    for (const char* kind : {"model.bin", "metadata.yaml"}) {
      const std::string xml = beside.write("model.xml", "<net/>");
      std::filesystem::rename(path, beside / kind);
      const ModelSource source(xml);
      try {
        kind == std::string("model.bin") ? static_cast<void>(source.sideFiles())
                                         : static_cast<void>(source.metadataBeside());
        ADD_FAILURE() << name << " as " << kind;
      } catch (const ModelError& error) {
        EXPECT_NE(std::string(error.what()).find(kind), std::string::npos) << error.what();
      }
      std::filesystem::rename(beside / kind, path);
    }
  }
}

TEST_F(ModelSourceTest, MetadataBesideAnIr) {
  const std::string xml = folder_.write("model.xml", "<net/>");
  EXPECT_EQ(ModelSource(xml).metadataBeside(), "");
  folder_.write("metadata.yaml", "task: detect");
  EXPECT_EQ(ModelSource(xml).metadataBeside(), "task: detect");
  EXPECT_EQ(ModelSource(folder_.write("model.onnx", "one")).metadataBeside(), "");
  std::filesystem::resize_file(folder_ / "metadata.yaml", std::uintmax_t{1} << 40U);
  EXPECT_THROW(ModelSource(xml).metadataBeside(), ModelError);
}

TEST_F(ModelSourceTest, SideFilesAreAsLongAsTheModelSays) {
  const std::string tensor = field(13, field(1, "location") + field(2, "w.bin")) +
                             field(13, field(1, "offset") + field(2, "2")) +
                             field(13, field(1, "length") + field(2, "3"));
  const ModelSource source(folder_.write("model.onnx", field(7, field(5, tensor))));
  folder_.write("w.bin", "1234");
  EXPECT_NE(refusalOf(source).find("expected to have more bytes than its 4"), std::string::npos) << refusalOf(source);
  folder_.write("w.bin", "12345");
  EXPECT_EQ(refusalOf(source), "");
}

// No reader takes them, and a file without content may say any size.
TEST_F(ModelSourceTest, ModelsOfTwoGibibytesAreRefusedAtOnce) {
  for (const char* content : {"\x08\x08...", "<net/>"}) {
    const std::string file = folder_.write("model.onnx", content);
    std::filesystem::resize_file(file, std::uintmax_t{1} << 40U);
    EXPECT_THROW(ModelSource{file}, ModelError);
  }
}

// OpenVINO's time grows with the square of the nodes, and doubles with each level.
TEST_F(ModelSourceTest, NetworksThatAreLargerThanAnyAreRefused) {
  const auto refusal = [](const std::string& path) -> std::string {
    try {
      ModelSource(path).content();
      return "";
    } catch (const ModelError& error) {
      return error.what();
    }
  };
  const auto ofOnnx = [&](const test::onnx::Graph& graph) {
    return refusal(folder_.write("model.onnx", test::onnx::model(graph.bytes())));
  };
  using test::onnx::node;
  test::onnx::Graph graph;
  graph.nodes.assign(20'000, node("Neg", {"a"}, {"b"}));
  EXPECT_EQ(ofOnnx(graph), "");
  graph.nodes.push_back(graph.nodes[0]);
  EXPECT_NE(ofOnnx(graph).find("20001 nodes"), std::string::npos);
  graph.nodes = {node("Sum", std::vector<std::string>(257, "a"), {"b"})};
  EXPECT_NE(ofOnnx(graph).find("257 inputs or outputs"), std::string::npos);
  graph.nodes = {node("Split", {"a"}, std::vector<std::string>(256, "b"))};
  EXPECT_EQ(ofOnnx(graph), "");
  for (int depth = 1; depth < 20; ++depth) {
    test::onnx::Graph outer;
    outer.nodes = {node("If", {"c"}, {"b"}, {test::onnx::graphAttribute("then_branch", graph.bytes())})};
    graph = outer;
    EXPECT_EQ(ofOnnx(graph).empty(), depth < 8) << depth;
  }

  std::string layers;
  for (int i = 0; i <= 20'000; ++i) {
    layers += "<layer id=\"1\"/>";
  }
  EXPECT_NE(refusal(folder_.write("model.xml", "<net>" + layers + "</net>")).find("20001 layers"), std::string::npos);
  const auto nested = [](int depth) {
    std::string xml = "<net>";
    for (int i = 0; i < depth; ++i) {
      xml += i % 2 == 0 ? "<body>" : "<then_body>";
    }
    return xml;
  };
  EXPECT_EQ(refusal(folder_.write("model.xml", nested(8))), "");
  EXPECT_NE(refusal(folder_.write("model.xml", nested(9))).find("9 networks inside each other"), std::string::npos);
}

TEST_F(ModelSourceTest, PartsOfAFingerprintHaveTheirPlaces) {
  const auto fingerprintOf = [this](const std::string& name, const std::string& weights) {
    folder_.write(name, weights);
    return ModelSource(folder_.write("model.onnx", onnxWith(name))).fingerprint();
  };
  EXPECT_NE(fingerprintOf("w", "XYZ"), fingerprintOf("wX", "YZ"));
}

TEST_F(ModelSourceTest, WhatIsNoModelFileIsNamed) {
  const auto refusal = [](const std::string& path) -> std::string {
    try {
      const ModelSource source(path);
      return "";
    } catch (const ModelError& error) {
      EXPECT_EQ(std::string(error.what()).find("'" + path + "': "), 0U) << error.what();
      return error.what();
    }
  };
  EXPECT_NE(refusal(folder_ / "none").find("no such model file"), std::string::npos);
  EXPECT_NE(refusal(folder_ / "").find("found a folder"), std::string::npos);
  EXPECT_NE(refusal(folder_.write("empty", "")).find("is empty"), std::string::npos);
  EXPECT_NE(refusal("/dev/null").find("regular file"), std::string::npos);
}

}  // namespace
}  // namespace trtyolo
