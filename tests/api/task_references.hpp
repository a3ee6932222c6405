// A model of any task against the references of that task, by way of OpenCV's pictures.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <opencv2/imgcodecs.hpp>
#include <string>

#include "support/golden.hpp"
#include "support/sanitized.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo::test {

// The picture of one of goldenOf(task).
inline cv::Mat pictureOf(const std::string& task, const json& image) {
  return cv::imread(dataPath(folderOf(task) + image.at("source").get<std::string>()));
}

// All of them, with `fewest` objects together.
template <typename Model>
void expectReferences(const std::string& file, const std::string& task, const InferOption& option, std::size_t fewest) {
  Model model(file, option);
  EXPECT_EQ(toString(model.info().task), task);
  json references = goldenOf(task);
  ASSERT_EQ(references.size(), 30U);
  references.erase(references.begin() + rounds(references.size()), references.end());
  std::size_t objects = 0;
  for (const auto& image : references) {
    const cv::Mat picture = pictureOf(task, image);
    ASSERT_FALSE(picture.empty()) << image.at("source");
    expectObjects(model.predict(view(picture)), image);
    objects += image.value("objects", json::array()).size();  // classes are none
  }
  EXPECT_GE(objects, fewest / (kShareOfRounds * kShareOfRounds));
}

}  // namespace trtyolo::test
