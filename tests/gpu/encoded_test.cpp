// JPEG images decoded on the GPU by nvImageCodec: the pixels beside OpenCV's, damaged files, and what models find.
// Skipped without nvImageCodec (NvImageCodec_ROOT names its folder) and without the files of make_data.py.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"
#include "gpu/reference_codec.hpp"
#include "gpu/results.hpp"
#include "support/jpeg.hpp"
#include "support/random.hpp"
#include "support/references.hpp"
#include "trtyolo/pool.hpp"

namespace trtyolo {
namespace {

using test::EncodedFile;
using test::Picture;
using test::ReferenceCodec;

class GpuEncodedTest : public testing::Test {
 protected:
  void SetUp() override {
    TRTYOLO_NEEDS_GPU();
    files_ = test::encodedFiles(test::dataPath("encoded"));
    if (files_.empty()) {
      GTEST_SKIP() << "make_data.py has not written the folder encoded";
    }
    decoder_ = makeDecoder();
    if (const std::string why = decoder_->whyNoGpu(0); !why.empty()) {
      GTEST_SKIP() << why;
    }
  }

  std::shared_ptr<media::Decoder> makeDecoder() const {
    ImageDecoderOption option;
    option.maxPixelBytes = std::size_t{64} << 20;  // damaged files say that they have any size
    return std::make_shared<media::Decoder>(option, std::make_unique<ReferenceCodec>(files_));
  }

  // What the GPU is to leave to the CPU, by the names of the files.
  static bool isForCpu(const EncodedFile& file) {
    return file.name.find("arithmetic") != std::string::npos || file.name.find("cmyk") != std::string::npos ||
           file.name.find(".jpg") == std::string::npos;
  }

  std::vector<DecodedImage> decode(const std::vector<EncodedImage>& images, bool bgr) const {
    std::vector<DecodedImage> decoded(images.size());
    decoder_->decode(images.data(), images.size(), {0, bgr}, decoded.data());
    return decoded;
  }

  static std::vector<std::uint8_t> pixelsOf(const DecodedImage& decoded) {
    const Image& image = decoded.image;
    const std::size_t row = std::size_t{3} * static_cast<std::size_t>(image.width);
    std::vector<std::uint8_t> pixels(row * static_cast<std::size_t>(image.height));
    EXPECT_EQ(cudaMemcpy2D(pixels.data(), row, image.ptr, image.pitch, row, static_cast<std::size_t>(image.height),
                           cudaMemcpyDefault),
              cudaSuccess);
    return pixels;
  }

  // In the mean, and the most, of all values.
  static void expectNear(const DecodedImage& decoded, const EncodedFile& file, bool bgr) {
    ASSERT_FALSE(decoded.error) << file.name;
    ASSERT_EQ(decoded.image.width, file.picture.width) << file.name;
    ASSERT_EQ(decoded.image.height, file.picture.height) << file.name;
    const std::vector<std::uint8_t> found = pixelsOf(decoded);
    double sum = 0;
    int most = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::size_t wanted = bgr ? i : i - i % 3 + (2 - i % 3);
      const int difference = std::abs(int{found[i]} - int{file.picture.pixels[wanted]});
      sum += difference;
      most = std::max(most, difference);
    }
    const double mean = sum / static_cast<double>(found.size());
    std::printf("%s: %s, differs by %.3f in the mean, %d at most\n", file.name.c_str(), decoded.gpu ? "GPU" : "CPU",
                mean, most);
    EXPECT_LE(mean, kMean) << file.name;
    EXPECT_LE(most, kMost) << file.name;
  }

  // Progressive files are rounded otherwise (0.02 and 3); all others are equal, but for one step here and there.
  static constexpr double kMean = 0.05;
  static constexpr int kMost = 4;

  std::vector<EncodedFile> files_;
  std::shared_ptr<media::Decoder> decoder_;
};

TEST_F(GpuEncodedTest, PixelsAreThoseOfTheCpu) {
  std::vector<EncodedImage> images;
  std::size_t forCpu = 0;
  for (const EncodedFile& file : files_) {
    images.push_back(file.view());
    forCpu += isForCpu(file) ? 1 : 0;
  }
  for (const bool bgr : {false, true}) {
    const std::vector<DecodedImage> together = decode(images, bgr);
    for (std::size_t i = 0; i < files_.size(); ++i) {
      expectNear(together[i], files_[i], bgr);
      EXPECT_EQ(together[i].gpu.has_value(), !isForCpu(files_[i])) << files_[i].name;
      expectNear(decode({images[i]}, bgr).front(), files_[i], bgr);
    }
  }
  const DecodeCounts counts = decoder_->counts();
  EXPECT_EQ(counts.gpu, 4 * (files_.size() - forCpu));
  EXPECT_EQ(counts.cpu, 4 * forCpu);
  EXPECT_EQ(counts.refused, 4 * forCpu);
  EXPECT_EQ(counts.failed, 0U);
}

// What the GPU does not take is refused there, and the CPU's business.
TEST_F(GpuEncodedTest, RareJpegImagesAreRefused) {
  const std::vector<unsigned char> deep = test::jpegOf12Bits();  // which this CPU's codec does not know
  const DecodedImage decoded = decode({{deep.data(), deep.size()}}, true).front();
  EXPECT_TRUE(decoded.error);
  EXPECT_TRUE(decoded.refused);
  EXPECT_EQ(decoder_->counts().refused, 1U);
  EXPECT_EQ(decoder_->counts().failed, 1U);
}

// The same pixels, turned in each of the eight ways: turning rounds nothing, so each is as far from the CPU's as the
// first. Of sides that fill no block of a JPEG file the turned ones begin in the middle of one.
TEST_F(GpuEncodedTest, ImagesAreTurnedAsExifSays) {
  for (const std::string prefix : {"exif", "odd-exif"}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const std::string name = prefix + std::to_string(orientation) + ".jpg";
      const auto file =
          std::find_if(files_.begin(), files_.end(), [&](const EncodedFile& each) { return each.name == name; });
      ASSERT_NE(file, files_.end()) << name << ": make_data.py has not written it";
      for (const bool bgr : {false, true}) {
        const DecodedImage decoded = decode({file->view()}, bgr).front();
        EXPECT_TRUE(decoded.gpu) << name << " was left to the CPU";
        EXPECT_FALSE(decoded.refused) << name;
        expectNear(decoded, *file, bgr);
      }
    }
  }
}

// Any bytes give an image or an error, and leave the decoder as good as it was.
TEST_F(GpuEncodedTest, DamagedFilesDoNoHarm) {
  constexpr int kFiles = 10000, kTogether = 25;
  test::Random random(3);
  std::vector<const EncodedFile*> jpegs;
  for (const EncodedFile& file : files_) {
    if (file.name.find(".jpg") != std::string::npos && file.bytes.size() < 200000) {
      jpegs.push_back(&file);
    }
  }
  ASSERT_FALSE(jpegs.empty());
  for (int begin = 0; begin < kFiles; begin += kTogether) {
    std::vector<std::string> damaged;
    std::vector<EncodedImage> images;
    for (int i = 0; i < kTogether; ++i) {
      std::string bytes = jpegs[static_cast<std::size_t>(random.between(0, static_cast<int>(jpegs.size()) - 1))]->bytes;
      const int last = static_cast<int>(bytes.size()) - 1;
      // Of the first 1,000 bytes, which say how the rest is coded, as often as of all.
      for (int flips = random.between(1, 10); flips > 0; --flips) {
        const int at = random.between(0, random.between(0, 1) == 0 ? std::min(999, last) : last);
        bytes[static_cast<std::size_t>(at)] ^= static_cast<char>(1 << random.between(0, 7));
      }
      if (random.between(0, 9) == 0) {
        bytes.resize(static_cast<std::size_t>(random.between(0, last)));
      }
      damaged.push_back(std::move(bytes));
    }
    for (const std::string& bytes : damaged) {
      images.push_back({bytes.data(), bytes.size()});
    }
    for (const DecodedImage& decoded : decode(images, true)) {
      EXPECT_TRUE(decoded.error || (decoded.image.ptr && decoded.image.width > 0 && decoded.image.height > 0));
    }
  }
  const DecodeCounts counts = decoder_->counts();
  std::printf("of %d damaged files %llu were decoded on the GPU, %llu on the CPU, %llu were refused\n", kFiles,
              static_cast<unsigned long long>(counts.gpu), static_cast<unsigned long long>(counts.cpu),
              static_cast<unsigned long long>(counts.failed));
  EXPECT_EQ(counts.gpu + counts.cpu + counts.failed, static_cast<std::uint64_t>(kFiles));
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  for (const EncodedFile& file : files_) {
    expectNear(decode({file.view()}, true).front(), file, true);
  }
}

TEST_F(GpuEncodedTest, ThreadsShareADecoder) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([this] {
      for (int round = 0; round < 5; ++round) {
        for (const EncodedFile& file : files_) {
          const DecodedImage decoded = decode({file.view()}, true).front();
          ASSERT_FALSE(decoded.error) << file.name;
          EXPECT_EQ(decoded.image.width, file.picture.width);
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

// Memory is used again: many calls take no more than a few.
TEST_F(GpuEncodedTest, MemoryDoesNotGrow) {
  const auto decodeAll = [this] {
    for (const EncodedFile& file : files_) {
      ASSERT_FALSE(decode({file.view()}, true).front().error);
    }
  };
  for (int i = 0; i < 5; ++i) {
    decodeAll();
  }
  std::size_t before = 0, after = 0, total = 0;
  ASSERT_EQ(cudaMemGetInfo(&before, &total), cudaSuccess);
  for (int i = 0; i < 50; ++i) {
    decodeAll();
  }
  ASSERT_EQ(cudaMemGetInfo(&after, &total), cudaSuccess);
  EXPECT_LE(before, after + (std::size_t{64} << 20));
}

TEST_F(GpuEncodedTest, PixelsOutliveTheDecoder) {
  DecodedImage decoded = decode({files_.front().view()}, true).front();
  decoder_.reset();
  expectNear(decoded, files_.front(), true);
}

TEST_F(GpuEncodedTest, Throughput) {
  const auto found =
      std::find_if(files_.begin(), files_.end(), [](const auto& file) { return file.name == "1080p.jpg"; });
  ASSERT_NE(found, files_.end());
  for (const std::size_t together : {1U, 8U, 32U}) {
    const std::vector<EncodedImage> images(together, found->view());
    decode(images, true);
    const auto start = std::chrono::steady_clock::now();
    std::size_t count = 0;
    std::chrono::duration<double> time{};
    while ((time = std::chrono::steady_clock::now() - start).count() < 2) {
      decode(images, true);
      count += together;
    }
    std::printf("1080p, %zu at a time: %.0f images a second\n", together, static_cast<double>(count) / time.count());
  }
}

// Models take decoded images where they are, whatever their option says of other images.
TEST_F(GpuEncodedTest, ModelsFindWhatIsInTheDecodedImage) {
  const std::string engine = test::engineOf("detect", "f32");
  for (const bool device : {false, true}) {
    InferOption option = test::bgr().setImageDecoder(decoder_);
    if (device) {
      option.enableCudaMem();
    }
    DetectModel model(engine, option), host(engine, test::bgr());
    std::vector<EncodedImage> images;
    std::vector<DetResult> wanted;
    for (EncodedFile& file : files_) {
      images.push_back(file.view());
      wanted.push_back(host.predict(file.picture.view()));
    }
    const std::vector<DetResult> found = model.predict(images);
    Pool<DetectModel> pool(model);
    const std::vector<DetResult> pooled = pool.predict(images);
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (isForCpu(files_[i])) {
        EXPECT_EQ(test::differences(found[i], wanted[i]), "") << files_[i].name;
      } else {
        EXPECT_EQ(test::differences(found[i], wanted[i], 2, 0.05F), "") << files_[i].name;
      }
      // Which of its decoders takes an image depends on the others of a call, and they differ by a step here and there.
      EXPECT_EQ(test::differences(pooled[i], found[i], 2, 0.05F), "") << files_[i].name;
    }
    // Images of callers are where the option says.
    EncodedFile& first = files_.front();
    if (device) {
      EXPECT_EQ(test::textOf(model.predict(test::DevicePicture(first.picture).view())), test::textOf(wanted[0]));
    } else {
      EXPECT_EQ(test::textOf(model.predict(first.picture.view())), test::textOf(wanted[0]));
      EXPECT_THROW(model.predict(test::DevicePicture(first.picture).view()), std::invalid_argument);
    }
  }
}

// A picture four times as large, whole or at half of its size where that is enough.
class EnlargingDecoder final : public ImageDecoder {
 public:
  static constexpr int kTimes = 4;

  EnlargingDecoder(const Picture& picture, int divisor) : image_(enlarged(picture, kTimes / divisor)) {
    if (divisor > 1) {
      whole_ = {static_cast<std::size_t>(kTimes * picture.width), static_cast<std::size_t>(kTimes * picture.height)};
    }
  }

  void decode(const EncodedImage* /*images*/, std::size_t count, const DecodeTarget& target,
              DecodedImage* decoded) override {
    for (std::size_t i = 0; i < count; ++i) {
      decoded[i].image = image_.view();
      decoded[i].whole = whole_;
      EXPECT_EQ(target.enough != nullptr, whole_.width > 0);
    }
  }
  std::size_t batch(const DecodeTarget& /*target*/) const override { return 1; }

 private:
  static Picture enlarged(const Picture& picture, int times) {
    Picture large{{}, times * picture.width, times * picture.height};
    large.pixels.reserve(picture.pixels.size() * static_cast<std::size_t>(times * times));
    for (int y = 0; y < large.height; ++y) {
      for (int x = 0; x < large.width; ++x) {
        const auto from = picture.pixels.begin() + 3 * ((y / times) * picture.width + x / times);
        large.pixels.insert(large.pixels.end(), from, from + 3);
      }
    }
    return large;
  }

  Picture image_;
  ImageSize whole_;
};

// Results are in pixels of the whole image.
TEST(GpuReducedTest, ReducedImagesLieWhereTheWholeOnesDo) {
  TRTYOLO_NEEDS_GPU();
  const Picture picture = test::firstPicture();
  const std::string engine = test::engineOf("detect", "f32");
  const auto found = [&](int divisor) {
    InferOption option = test::bgr().setImageDecoder(std::make_shared<EnlargingDecoder>(picture, divisor));
    return DetectModel(engine, option.setFastDecode(divisor > 1)).predict(EncodedImage{"", 0});
  };
  const DetResult whole = found(1);
  EXPECT_GT(whole.num, 0);
  EXPECT_EQ(test::differences(found(2), whole, 2 * EnlargingDecoder::kTimes, 0.05F), "");
}

TEST_F(GpuEncodedTest, APoolGivesTheDecoderSeveralAtOnce) {
  const DetectModel model(test::engineOf("detect", "f32"), test::bgr().setImageDecoder(decoder_));
  const auto found =
      std::find_if(files_.begin(), files_.end(), [](const auto& file) { return file.name == "1080p.jpg"; });
  ASSERT_NE(found, files_.end());
  Pool<DetectModel> pool(model);
  const auto start = std::chrono::steady_clock::now();
  const std::size_t count = 2000;
  const std::vector<EncodedImage> images(count, found->view());
  std::size_t results = 0;
  pool.map(images.begin(), images.end(), [&](const DetResult&) { ++results; });
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(results, count);
  const PoolMetrics metrics = pool.metrics();
  EXPECT_LT(metrics.decode.count, count);
  std::printf("%.0f images a second from 1080p JPEGs to results; %.1f images for each call of the decoder\n",
              static_cast<double>(count) / time.count(),
              static_cast<double>(count) / static_cast<double>(metrics.decode.count));
}

}  // namespace
}  // namespace trtyolo
