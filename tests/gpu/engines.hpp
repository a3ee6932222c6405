// Engines for the tests on a GPU: built when they are first needed, some 30 seconds each, and kept.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include "gpu/picture.hpp"
#include "support/golden.hpp"

namespace trtyolo::test {

// Where engines are kept: TRTYOLO_TEST_ENGINES, else the folder of temporary files.
inline std::filesystem::path engineFolder() {
  const char* const folder = std::getenv("TRTYOLO_TEST_ENGINES");
  return folder ? std::filesystem::path(folder) : std::filesystem::temp_directory_path();
}

// The engine `name`, built from a model of the test data (at optimization level 0, whatever the option says).
inline std::string engineFrom(const std::string& onnx, const std::string& name, BuildOption option) {
  const std::string path = (engineFolder() / (name + ".engine")).string();
  if (!std::filesystem::exists(path)) {
    option.optimizationLevel = 0;
    double done = 0;
    option.onProgress = [&done](const BuildProgress& progress) {
      EXPECT_GE(progress.done, done);
      done = progress.done;
      return true;
    };
    buildEngine(dataPath(onnx), path, option);
    EXPECT_GT(done, 0);
  }
  return path;
}

// The engine of the trained network of a task; precision is "f32", "f16" or "bf16".
inline std::string engineOf(const std::string& task, const std::string& precision) {
  BuildOption option;
  option.precision = precision == "f16" ? Precision::F16 : precision == "bf16" ? Precision::BF16 : Precision::F32;
  return engineFrom("shapes/" + task + ".onnx", task + "-" + precision, option);
}

// An engine of dynamic batch and size: 1 to kMostBatch images, sides from 320 to 640.
inline constexpr int kMostBatch = 4;
inline std::string dynamicEngine() {
  BuildOption option;
  option.maxBatch = kMostBatch;
  option.optBatch = 2;
  option.minWidth = option.minHeight = 320;
  return engineFrom("shapes/detect-dynamic.onnx", "detect-dynamic-f32", option);
}

// The picture of a reference; make_data.py makes the files.
inline Picture pictureOf(const std::string& task, const json& image) {
  const std::string source = image.at("source").get<std::string>();
  return readPpm(dataPath(folderOf(task) + source.substr(0, source.rfind('.')) + ".ppm"));
}

inline Picture firstPicture(const std::string& task = "detect") {
  return pictureOf(task, goldenOf(task)[0]);
}

template <typename Result>
std::string textOf(const Result& result) {
  std::ostringstream stream;
  stream << result;
  return stream.str();
}

}  // namespace trtyolo::test
