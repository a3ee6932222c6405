// Encoded images through models: what is found is what is found in the decoded image.
#include <gtest/gtest.h>

#include <atomic>
#include <sstream>

#include "media/encoded.hpp"
#include "support/references.hpp"
#include "trtyolo.hpp"
#include "trtyolo/media.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo {
namespace {

using test::Bytes;
using test::dataPath;
using test::encoded;

template <typename Result>
std::string textOf(const Result& result) {
  std::ostringstream text;
  text.precision(9);
  text << result;
  return text.str();
}

std::vector<std::string> frames() {
  std::vector<std::string> files;
  for (const char* name : {"00000", "00001", "00002", "00003", "00004"}) {
    files.push_back(dataPath(std::string("shapes/images/") + name + ".jpg"));
  }
  return files;
}

InferOption withDecoder() {
  return InferOption().setImageDecoder(makeImageDecoder());
}

TEST(EncodedModelTest, FindsWhatIsInTheDecodedImage) {
  DetectModel rgb(dataPath("shapes/detect.onnx"), withDecoder());
  DetectModel bgr(dataPath("shapes/detect.onnx"), withDecoder().enableSwapRB());
  std::vector<Bytes> files;
  std::vector<EncodedImage> images;
  std::vector<std::string> expected;
  for (const std::string& file : frames()) {
    files.push_back(test::bytesOf(file));
    const cv::Mat image = cv::imread(file);
    ASSERT_FALSE(image.empty()) << file;
    expected.push_back(textOf(bgr.predict(view(image))));
    EXPECT_EQ(textOf(bgr.predict(encoded(files.back()))), expected.back());
    EXPECT_EQ(textOf(rgb.predict(encoded(files.back()))), expected.back());
  }
  for (int i = 0; i < 18; ++i) {  // more than are decoded at once
    images.push_back(encoded(files[static_cast<std::size_t>(i) % files.size()]));
  }
  const std::vector<DetResult> several = rgb.clone()->predict(images);
  ASSERT_EQ(several.size(), images.size());
  for (std::size_t i = 0; i < several.size(); ++i) {
    EXPECT_EQ(textOf(several[i]), expected[i % expected.size()]) << i;
  }
  EXPECT_TRUE(rgb.predict(std::vector<EncodedImage>()).empty());
}

TEST(EncodedModelTest, AnErrorNamesTheImageAndLeavesTheModelUsable) {
  Model model = Model::load(dataPath("shapes/detect.onnx"), withDecoder().enablePerformanceReport());
  const Bytes good = test::bytesOf(frames()[0]), bad(20, 'x');
  std::vector<EncodedImage> images(10, encoded(good));
  for (const std::size_t wrong : {0U, 7U, 8U, 9U}) {
    images[wrong] = encoded(bad);
    try {
      model.predict(images);
      ADD_FAILURE() << "image " << wrong << " was taken";
    } catch (const DecodeError& error) {
      EXPECT_EQ(std::string(error.what()),
                "predict: image " + std::to_string(wrong) + ": not an image that OpenCV can read, or damaged");
    }
    images[wrong] = encoded(good);
  }
  try {
    model.predict(encoded(bad));
    ADD_FAILURE();
  } catch (const DecodeError& error) {
    EXPECT_STREQ(error.what(), "predict: image: not an image that OpenCV can read, or damaged");
  }
  EXPECT_EQ(model.predict(images).size(), images.size());
  EXPECT_EQ(model.timing().calls, 1);
}

TEST(EncodedModelTest, WithoutADecoderEncodedImagesAreRefused) {
  DetectModel model(dataPath("shapes/detect.onnx"));
  const Bytes bytes = test::bytesOf(frames()[0]);
  try {
    model.predict(encoded(bytes));
    ADD_FAILURE();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("setImageDecoder"), std::string::npos) << error.what();
  }
}

TEST(EncodedModelTest, TheSizeThatWasPromisedHolds) {
  DetectModel model(dataPath("shapes/detect.onnx"), withDecoder().setInputDimensions(10, 10));
  const Bytes bytes = test::bytesOf(frames()[0]);
  EXPECT_THROW(model.predict(encoded(bytes)), std::invalid_argument);
}

// A decoder of one's own, which does what decoders should not.
class OwnDecoder : public ImageDecoder {
 public:
  enum class Way { Throws, GivesNothing, GivesAnotherGpu };
  explicit OwnDecoder(Way way) : way_(way) {}

  void decode(const EncodedImage*, std::size_t count, const DecodeTarget& target, DecodedImage* decoded) override {
    EXPECT_FALSE(target.gpu);
    if (way_ == Way::Throws) {
      throw DeviceError("broken");
    }
    for (std::size_t i = 0; way_ == Way::GivesAnotherGpu && i < count; ++i) {
      decoded[i].image = Image(&pixels_, 1, 1, 1, 0);
      decoded[i].gpu = 3;
    }
  }
  std::size_t batch(const DecodeTarget&) const override { return 0; }

 private:
  Way way_;
  unsigned char pixels_ = 0;
};

TEST(EncodedModelTest, WhatADecoderDoesWrongIsAnError) {
  const auto predictBy = [](OwnDecoder::Way way) {
    Model model =
        Model::load(dataPath("shapes/detect.onnx"), InferOption().setImageDecoder(std::make_shared<OwnDecoder>(way)));
    model.predict(EncodedImage{"x", 1});
  };
  EXPECT_THROW(predictBy(OwnDecoder::Way::Throws), DeviceError);
  EXPECT_THROW(predictBy(OwnDecoder::Way::GivesNothing), std::invalid_argument);
  EXPECT_THROW(predictBy(OwnDecoder::Way::GivesAnotherGpu), Error);
}

}  // namespace
}  // namespace trtyolo
