// The letterbox beside the same work done with OpenCV: resize, border, conversion to planes of f32, on one thread.
#include "image/letterbox.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace trtyolo {
namespace {

// Source width, height and channels; network width and height; how many images in turn: with 64 of 1080p every one
// comes from memory, as from a camera, and not from a cache.
struct Case {
  explicit Case(const benchmark::State& state)
      : source{static_cast<int>(state.range(0)), static_cast<int>(state.range(1))},
        channels(static_cast<int>(state.range(2))),
        network{static_cast<int>(state.range(3)), static_cast<int>(state.range(4))},
        box(Letterbox::fit(source, network)),
        images(static_cast<std::size_t>(state.range(5))),
        planes(3 * static_cast<std::size_t>(network.width) * static_cast<std::size_t>(network.height)) {
    for (cv::Mat& image : images) {
      image.create(source.height, source.width, CV_8UC(channels));
      cv::randu(image, 0, 256);
    }
  }

  const cv::Mat& next() { return images[++turn % images.size()]; }

  Size source;
  int channels;
  Size network;
  Letterbox box;
  std::vector<cv::Mat> images;
  std::size_t turn = 0;
  std::vector<float> planes;
};

void arguments(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"width", "height", "channels", "network_width", "network_height", "images"});
  bench->Args({1920, 1080, 3, 640, 640, 1});
  bench->Args({1920, 1080, 3, 640, 640, 64});
  bench->Args({1920, 1080, 3, 640, 384, 1});
  bench->Args({1920, 1080, 4, 640, 640, 1});
  bench->Args({1920, 1080, 1, 640, 640, 1});
  bench->Args({3840, 2160, 3, 640, 640, 1});
  bench->Args({1280, 720, 3, 640, 640, 1});
  bench->Args({1080, 1920, 3, 640, 640, 1});
  bench->Args({1000, 700, 3, 640, 640, 1});
  bench->Args({640, 640, 3, 640, 640, 1});
  bench->Args({320, 240, 3, 640, 640, 1});
  bench->Unit(benchmark::kMicrosecond);
}

void writeLetterbox(benchmark::State& state) {
  Case c(state);
  Normalization normalization;
  normalization.swapRB = true;
  Letterboxer letterboxer;
  for (auto _ : state) {
    const cv::Mat& image = c.next();
    const ImageView view{image.data, c.source, c.channels, image.step};
    letterboxer.write(view, c.box, normalization, c.planes.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(writeLetterbox)->Apply(arguments);

// Frames of 1080p in NV12: converted row by row by the letterbox, and beside that by OpenCV as a whole before it.
struct Nv12Case {
  static constexpr int kWidth = 1920, kHeight = 1080;

  explicit Nv12Case(const benchmark::State& state) : frames(static_cast<std::size_t>(state.range(0))) {
    for (cv::Mat& frame : frames) {
      frame.create(kHeight * 3 / 2, kWidth, CV_8UC1);
      cv::randu(frame, 0, 256);
    }
  }

  const cv::Mat& next() { return frames[++turn % frames.size()]; }

  Size network{640, 640};
  Letterbox box = Letterbox::fit({kWidth, kHeight}, network);
  std::vector<cv::Mat> frames;
  std::size_t turn = 0;
  std::vector<float> planes = std::vector<float>(std::size_t{3} * 640 * 640);
};

void writeLetterboxOfNv12(benchmark::State& state) {
  Nv12Case c(state);
  Letterboxer letterboxer;
  for (auto _ : state) {
    const cv::Mat& frame = c.next();
    ImageView view{frame.data, {Nv12Case::kWidth, Nv12Case::kHeight}, 4, frame.step};
    view.conversion.format = PixelFormat::NV12;
    view.conversion.chroma[0] = frame.ptr(Nv12Case::kHeight);
    view.conversion.chromaPitch = frame.step;
    view.conversion.yuv = yuvWeights(ColorMatrix::BT601, ColorRange::Limited);
    letterboxer.write(view, c.box, {}, c.planes.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(writeLetterboxOfNv12)->ArgName("images")->Arg(1)->Arg(64)->Unit(benchmark::kMicrosecond);

void convertNv12WithOpenCVAndWriteLetterbox(benchmark::State& state) {
  Nv12Case c(state);
  cv::setNumThreads(1);
  Letterboxer letterboxer;
  cv::Mat rgb;
  for (auto _ : state) {
    cv::cvtColor(c.next(), rgb, cv::COLOR_YUV2RGB_NV12);
    letterboxer.write({rgb.data, {rgb.cols, rgb.rows}, 3, rgb.step}, c.box, {}, c.planes.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(convertNv12WithOpenCVAndWriteLetterbox)->ArgName("images")->Arg(1)->Arg(64)->Unit(benchmark::kMicrosecond);

// Images of ever different sizes: what the tables of a new geometry cost, beside the same image again.
void writeLetterboxOfNewSizes(benchmark::State& state) {
  const bool alternate = state.range(0) == 1;
  const cv::Mat image(480, 640, CV_8UC3, cv::Scalar(1, 2, 3));
  const Size network{320, 320};
  const ImageView whole{image.data, {640, 480}, 3, image.step};
  const ImageView part{image.data, {639, 479}, 3, image.step};
  std::vector<float> planes(3 * 320 * 320);
  Letterboxer letterboxer;
  bool odd = false;
  for (auto _ : state) {
    const ImageView& view = odd ? part : whole;
    letterboxer.write(view, Letterbox::fit(view.size, network), {}, planes.data());
    odd = alternate && !odd;
    benchmark::ClobberMemory();
  }
}
BENCHMARK(writeLetterboxOfNewSizes)->ArgName("alternate")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

void writeWithOpenCV(benchmark::State& state) {
  Case c(state);
  cv::setNumThreads(1);
  const Letterbox& box = c.box;
  const auto planeSize = static_cast<std::size_t>(c.network.width) * static_cast<std::size_t>(c.network.height);
  cv::Mat resized;
  cv::Mat colour;
  cv::Mat bordered;
  cv::Mat scaled;
  for (auto _ : state) {
    cv::resize(c.next(), resized, cv::Size(box.scaled.width, box.scaled.height), 0, 0, cv::INTER_LINEAR);
    // From the image's order to that of the network, as swapRB does.
    const int code = c.channels == 1 ? cv::COLOR_GRAY2RGB : c.channels == 3 ? cv::COLOR_BGR2RGB : cv::COLOR_BGRA2RGB;
    cv::cvtColor(resized, colour, code);
    cv::copyMakeBorder(colour, bordered, box.top, c.network.height - box.top - box.scaled.height, box.left,
                       c.network.width - box.left - box.scaled.width, cv::BORDER_CONSTANT, cv::Scalar(114, 114, 114));
    bordered.convertTo(scaled, CV_32FC3, 1.0 / 255.0);
    std::vector<cv::Mat> planes;
    for (std::size_t plane = 0; plane < 3; ++plane) {
      planes.emplace_back(c.network.height, c.network.width, CV_32FC1, c.planes.data() + plane * planeSize);
    }
    cv::split(scaled, planes);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(writeWithOpenCV)->Apply(arguments);

}  // namespace
}  // namespace trtyolo

BENCHMARK_MAIN();
