// Decoding on the CPU: formats, orientation, damage, sizes, threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <opencv2/imgproc.hpp>
#include <thread>
#include <utility>

#include "media/encoded.hpp"
#include "media/jpeg_frame.hpp"
#include "support/jpeg.hpp"
#include "support/random.hpp"
#include "trtyolo/errors.hpp"
#include "trtyolo/media.hpp"
#include "trtyolo/media_opencv.hpp"

namespace trtyolo {
namespace {

using test::Bytes;
using test::encode;
using test::encoded;
using test::inputBytes;
using test::matOf;
using test::oriented;
using test::quadrants;

DecodedImage decodeBy(MediaDecoder& decoder, const Bytes& bytes, bool bgr = true) {
  const EncodedImage image = encoded(bytes);
  DecodedImage decoded;
  decoder.decode(&image, 1, {std::nullopt, bgr}, &decoded);
  return decoded;
}

cv::Mat decode(const Bytes& bytes, bool bgr = true) {
  return matOf(decodeBy(*makeImageDecoder(), bytes, bgr));
}

std::string errorOf(const DecodedImage& decoded) {
  try {
    matOf(decoded);
  } catch (const DecodeError& error) {
    return error.what();
  }
  return "none";
}

std::string errorOf(const Bytes& bytes) {
  return errorOf(decodeBy(*makeImageDecoder(), bytes));
}

// The largest difference of any value.
double difference(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() ? cv::norm(a, b, cv::NORM_INF) : 1e9;
}

constexpr double kLossy = 40;  // of saturated colours with sharp edges

TEST(ImageDecoderTest, DecodesWhatOthersWrite) {
  EXPECT_EQ(difference(decode(encode(quadrants(), ".png")), quadrants()), 0);
  EXPECT_EQ(difference(decode(encode(quadrants(), ".bmp")), quadrants()), 0);
  EXPECT_EQ(difference(decode(encode(quadrants(), ".tif")), quadrants()), 0);
  EXPECT_EQ(difference(decode(encode(quadrants(), ".ppm")), quadrants()), 0);
  EXPECT_EQ(difference(decode(inputBytes("palette.png")), quadrants()), 0);
  EXPECT_EQ(difference(decode(inputBytes("palette.bmp")), quadrants()), 0);
  EXPECT_EQ(difference(decode(inputBytes("lossless.webp")), quadrants()), 0);
  EXPECT_LE(difference(decode(inputBytes("progressive.jpg")), quadrants()), kLossy);
  EXPECT_LE(difference(decode(inputBytes("cmyk.jpg")), quadrants()), kLossy);
}

// Kinds of JPEG images that not every codec reads. Their frames say that they are none for a GPU.
TEST(ImageDecoderTest, RareJpegImagesAreDecodedOrRefusedBySayingTheirKind) {
  const auto kindOf = [](const Bytes& bytes) {
    const auto frame = media::jpegFrame(encoded(bytes));
    return frame ? std::pair(frame->process, frame->bits) : std::pair(0U, 0U);
  };
  const std::string version = ", which this version of OpenCV (" CV_VERSION ") cannot read, or damaged";
  const Bytes arithmetic = inputBytes("arithmetic.jpg");
  EXPECT_EQ(kindOf(arithmetic), std::pair(0xC9U, 8U));
  if (const std::string error = errorOf(arithmetic); error == "none") {
    EXPECT_LE(difference(decode(arithmetic), quadrants()), kLossy);
  } else {
    EXPECT_EQ(error, "a JPEG image with arithmetic coding" + version);
  }
  const Bytes deep = test::jpegOf12Bits();
  EXPECT_EQ(kindOf(deep), std::pair(0xC1U, 12U));
  EXPECT_EQ(errorOf(deep), "a JPEG image with 12 bits a channel" + version);
  Bytes lossless = encode(quadrants(), ".jpg");
  const auto frame = std::find(lossless.begin(), lossless.end(), 0xC0);
  ASSERT_NE(frame, lossless.end());
  *frame = 0xC3;
  EXPECT_EQ(errorOf(lossless), "a JPEG image without loss" + version);
  for (const Bytes& whole : {arithmetic, deep}) {
    const Bytes cut(whole.begin(), whole.end() - 2);
    EXPECT_EQ(errorOf(cut), "the JPEG image is damaged: it is cut off before its end");
  }
}

TEST(ImageDecoderTest, ColoursComeInTheOrderThatIsAskedFor) {
  cv::Mat rgb;
  cv::cvtColor(quadrants(), rgb, cv::COLOR_BGR2RGB);
  EXPECT_EQ(difference(decode(encode(quadrants(), ".png"), false), rgb), 0);
  EXPECT_EQ(difference(decodeMat(encoded(encode(quadrants(), ".png"))), quadrants()), 0);
}

TEST(ImageDecoderTest, GreyAndAlphaAndSixteenBitsBecomeThreeChannelsOfEight) {
  cv::Mat grey;
  cv::cvtColor(quadrants(), grey, cv::COLOR_BGR2GRAY);
  cv::Mat greyOfThree;
  cv::cvtColor(grey, greyOfThree, cv::COLOR_GRAY2BGR);
  EXPECT_EQ(difference(decode(encode(grey, ".png")), greyOfThree), 0);

  cv::Mat alpha(quadrants().size(), CV_8UC4);
  const int places[] = {0, 0, 1, 1, 2, 2};
  alpha.setTo(cv::Scalar(0, 0, 0, 7));  // nearly transparent
  const cv::Mat colours = quadrants();
  cv::mixChannels(&colours, 1, &alpha, 1, places, 3);
  EXPECT_EQ(difference(decode(encode(alpha, ".png")), quadrants()), 0);

  cv::Mat deep;
  quadrants().convertTo(deep, CV_16U, 256, 255);  // the upper 8 bits are the image
  EXPECT_EQ(difference(decode(encode(deep, ".png")), quadrants()), 0);
  EXPECT_LE(difference(decode(encode(deep, ".tif")), quadrants()), 1);  // OpenCV rounds there
}

TEST(ImageDecoderTest, ImagesAreTurnedAsExifSays) {
  const Bytes jpeg = encode(quadrants(48, 32), ".jpg");
  const cv::Mat upright = decode(jpeg);
  const auto turned = [&](unsigned orientation) {
    cv::Mat image = upright.clone();
    if (orientation >= 5) {
      cv::transpose(image, image);
    }
    const bool columns = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    const bool rows = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    if (columns || rows) {
      cv::flip(image, image, columns && rows ? -1 : columns ? 1 : 0);
    }
    return image;
  };
  for (unsigned char orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(difference(decode(oriented(jpeg, orientation)), turned(orientation)), 0) << int{orientation};
  }
}

TEST(ImageDecoderTest, WhatIsNoImageIsRefusedWithTheReason) {
  EXPECT_EQ(errorOf(Bytes{}), "the file is empty");
  EXPECT_EQ(errorOf(Bytes(100, 'x')), "not an image that OpenCV can read, or damaged");
  EXPECT_EQ(errorOf(Bytes{'R', 'I', 'F', 'F'}), "not an image that OpenCV can read, or damaged");
  const EncodedImage nothing{nullptr, 5};
  DecodedImage decoded;
  makeImageDecoder()->decode(&nothing, 1, {}, &decoded);
  EXPECT_EQ(errorOf(decoded), "its pointer is null (5 bytes)");
}

std::ptrdiff_t openFiles() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

TEST(ImageDecoderTest, NoFileStaysOpen) {
  std::vector<Bytes> damaged;
  const std::string radiance = "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2 +X 2\n12345678";
  for (const std::string& text : {radiance, radiance.substr(0, 30), std::string("#?RGBE 123456")}) {
    damaged.emplace_back(text.begin(), text.end());
  }
  for (const char* suffix : {".jpg", ".png", ".bmp", ".tif", ".webp", ".ppm", ".jp2", ".hdr", ".pfm", ".ras", ".exr"}) {
    try {
      Bytes bytes = encode(quadrants(), suffix);
      bytes.resize(bytes.size() / 2);
      damaged.push_back(bytes);
    } catch (const std::exception&) {  // not every OpenCV writes every format
    }
  }
  EXPECT_GT(damaged.size(), 8U);
  const std::ptrdiff_t before = openFiles();
  for (const Bytes& bytes : damaged) {
    EXPECT_NE(errorOf(bytes), "") << bytes.size();
  }
  EXPECT_EQ(openFiles(), before);
}

TEST(ImageDecoderTest, ImagesThatAreCutOffAreRefused) {
  for (const char* suffix : {".jpg", ".png", ".bmp", ".tif", ".webp"}) {
    Bytes bytes = encode(quadrants(200, 200), suffix);
    bytes.resize(bytes.size() / 2);
    EXPECT_NE(errorOf(bytes), "none") << suffix;
  }
  Bytes jpeg = encode(quadrants(200, 200), ".jpg");
  jpeg.resize(jpeg.size() - 2);
  EXPECT_EQ(errorOf(jpeg), "the JPEG image is damaged: it is cut off before its end");
}

TEST(ImageDecoderTest, ImagesThatAreTooLargeAreRefusedBeforeTheyAreDecoded) {
  // A PNG file of 60,000 x 60,000 pixels, by its header.
  Bytes png = encode(quadrants(), ".png");
  png[18] = png[22] = 0xEA;
  png[19] = png[23] = 0x60;
  ImageDecoderOption option;
  option.maxPixelBytes = 1000000000;
  EXPECT_EQ(errorOf(decodeBy(*makeImageDecoder(option), png)),
            "an image of 60000 x 60000 pixels takes 10800 MB, and an image may take 1000 MB "
            "(ImageDecoderOption::maxPixelBytes)");
  option.maxPixelBytes = 32 * 32 * 3;
  EXPECT_EQ(errorOf(decodeBy(*makeImageDecoder(option), encode(quadrants(), ".png"))), "none");
  option.maxPixelBytes -= 1;
  EXPECT_NE(errorOf(decodeBy(*makeImageDecoder(option), encode(quadrants(), ".png"))), "none");
  option.threads = -1;
  EXPECT_THROW(makeImageDecoder(option), std::invalid_argument);
}

TEST(ImageDecoderTest, OfAnimationsTheFirstFrameIsDecodedOrTheyAreRefused) {
  for (const char* name : {"two.webp", "two.png", "two.tif", "two.gif"}) {
    const Bytes bytes = test::bytesOf(std::string(TRTYOLO_MEDIA_INPUTS "/../../app/inputs/") + name);
    ASSERT_FALSE(bytes.empty());
    const DecodedImage decoded = decodeBy(*makeImageDecoder(), bytes);
    if (!decoded.error) {
      EXPECT_FALSE(matOf(decoded).empty());
    } else {
      EXPECT_NE(errorOf(decoded), "none") << "an error of another type";
    }
  }
}

TEST(ImageDecoderTest, DamagedBytesGiveAnImageOrADecodeError) {
  test::Random random(1);
  const auto decoder = makeImageDecoder();
  int images = 0;
  for (const char* suffix : {".jpg", ".png", ".bmp", ".tif", ".webp", ".ppm"}) {
    const Bytes whole = encode(quadrants(64, 48), suffix);
    for (int round = 0; round < 100; ++round) {
      Bytes bytes = whole;
      for (int flip = random.between(1, 8); flip > 0; --flip) {
        bytes[static_cast<std::size_t>(random.between(0, static_cast<int>(bytes.size()) - 1))] ^=
            static_cast<unsigned char>(1U << static_cast<unsigned>(random.between(0, 7)));
      }
      const DecodedImage decoded = decodeBy(*decoder, bytes);
      if (!decoded.error) {
        ++images;
        EXPECT_FALSE(matOf(decoded).empty());
      } else {
        EXPECT_NE(errorOf(decoded), "none");
      }
    }
  }
  const DecodeCounts counts = decoder->counts();
  EXPECT_EQ(counts.cpu, static_cast<std::uint64_t>(images));
  EXPECT_EQ(counts.cpu + counts.failed, 600U);
}

TEST(ImageDecoderTest, OneCallDecodesManyAndEachHasItsOwnError) {
  const Bytes good = encode(quadrants(), ".png"), bad(10, 'x');
  std::vector<EncodedImage> images;
  for (int i = 0; i < 50; ++i) {
    images.push_back(encoded(i % 5 == 4 ? bad : good));
  }
  ImageDecoderOption option;
  option.threads = 4;
  const auto decoder = makeImageDecoder(option);
  std::vector<DecodedImage> decoded(images.size());
  decoder->decode(images.data(), images.size(), {std::nullopt, true}, decoded.data());
  for (std::size_t i = 0; i < images.size(); ++i) {
    EXPECT_EQ(decoded[i].error != nullptr, i % 5 == 4) << i;
    if (!decoded[i].error) {
      EXPECT_EQ(difference(matOf(decoded[i]), quadrants()), 0);
    }
  }
  EXPECT_EQ(decoder->counts().cpu, 40U);
  EXPECT_EQ(decoder->counts().failed, 10U);
}

TEST(ImageDecoderTest, OneDecoderServesManyThreads) {
  const auto decoder = makeImageDecoder();
  const Bytes jpeg = encode(quadrants(), ".jpg");
  const cv::Mat expected = decode(jpeg);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        wrong += difference(matOf(decodeBy(*decoder, jpeg)), expected) != 0 ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(decoder->counts().cpu, 80U);
}

TEST(ImageDecoderTest, PixelsOutliveTheDecoder) {
  const DecodedImage decoded = decodeBy(*makeImageDecoder(), encode(quadrants(), ".png"));
  EXPECT_EQ(difference(matOf(decoded), quadrants()), 0);
}

TEST(ImageSizeTest, IsReadInFrontOfThePixels) {
  for (const char* suffix : {".jpg", ".png", ".bmp", ".tif", ".webp", ".ppm", ".jp2"}) {
    const Bytes bytes = encode(quadrants(90, 60), suffix);
    const auto size = imageSize(encoded(bytes));
    ASSERT_TRUE(size) << suffix;
    EXPECT_EQ(size->width, 90U) << suffix;
    EXPECT_EQ(size->height, 60U) << suffix;
    EXPECT_EQ(size->bytes(), 3U * 90U * 60U);
    EXPECT_TRUE(isImage(encoded(bytes))) << suffix;
  }
}

// Any beginning of any file, a few bytes of it too, is looked at within its bounds.
TEST(ImageSizeTest, FilesMayEndAnywhere) {
  for (const char* suffix : {".jpg", ".png", ".bmp", ".tif", ".webp", ".ppm", ".jp2"}) {
    const Bytes whole = encode(quadrants(), suffix);
    for (std::size_t size = 0; size < std::min<std::size_t>(whole.size(), 600); ++size) {
      const Bytes bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      imageSize(encoded(bytes));
      imageContent(encoded(bytes));
      isImage(encoded(bytes));
      isAvif(encoded(bytes));
      hasMorePages(encoded(bytes));
      EXPECT_EQ(hasItsEnd(encoded(bytes)), std::string(suffix) != ".jpg" || size < 3) << suffix << ' ' << size;
    }
  }
}

TEST(ImageContentTest, IsToldByTheFirstBytes) {
  const auto contentOf = [](const char* name) {
    const Bytes bytes = test::bytesOf(std::string(TRTYOLO_MEDIA_INPUTS "/../../app/inputs/") + name);
    return imageContent(encoded(bytes));
  };
  EXPECT_EQ(contentOf("two.gif"), ImageContent::Animation);
  EXPECT_EQ(contentOf("two.png"), ImageContent::Animation);
  EXPECT_EQ(contentOf("two.tif"), ImageContent::Pages);
  EXPECT_EQ(contentOf("two.webp"), ImageContent::FirstFrame);
  EXPECT_EQ(contentOf("exif6.jpg"), ImageContent::Image);
  EXPECT_TRUE(hasMorePages(encoded(test::bytesOf(TRTYOLO_MEDIA_INPUTS "/../../app/inputs/two.tif"))));
  EXPECT_FALSE(hasMorePages(encoded(encode(quadrants(), ".tif"))));
}

TEST(MemoryLeftTest, IsMoreThanNothing) {
  EXPECT_GT(memoryLeft(), 1000000U);
}

}  // namespace
}  // namespace trtyolo
