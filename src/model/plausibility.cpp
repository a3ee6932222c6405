#include "model/plausibility.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <new>
#include <string>

#include "base/log.hpp"

namespace trtyolo {
namespace {

constexpr float kRounding = 1e-2F;  // of half precision
constexpr float kLeastSide = 2;     // pixels, of a box
constexpr int kLeastImage = 32;     // pixels; in smaller ones so are real boxes

bool isProbability(float score) {
  return score >= -kRounding && score <= 1 + kRounding;
}

bool isTiny(const Box& box) {
  return std::abs(box.right - box.left) < kLeastSide && std::abs(box.bottom - box.top) < kLeastSide;
}

}  // namespace

std::string doubtsAbout(std::span<const Result> results) {
  std::size_t boxes = 0, tiny = 0;
  for (const Result& result : results) {
    for (const float score : result.scores) {
      if (!isProbability(score)) {
        std::array<char, 32> number{};  // whatever the locale
        const auto end =
            std::to_chars(number.data(), number.data() + number.size(), score, std::chars_format::general, 6).ptr;
        return "a score of " + std::string(number.data(), static_cast<std::size_t>(end - number.data())) +
               " is no probability: a softmax or sigmoid may be missing";
      }
    }
    for (std::size_t i = 0; i < result.boxes.size(); ++i) {
      const Box& box = result.boxes[i];
      if (box.right < box.left || box.bottom < box.top) {
        return "corners of boxes are the wrong way round: they may be centres and sizes";
      }
      const bool roomy = std::min(result.imageWidth, result.imageHeight) > kLeastImage;
      if (result.scores[i] > 0 && roomy) {  // no padding behind the objects
        ++boxes;
        tiny += isTiny(box) ? 1 : 0;
      }
    }
  }
  return boxes > 0 && tiny == boxes ? "all boxes are smaller than two pixels: they may be shares of the image" : "";
}

void FirstLook::at(std::span<const Result> results) noexcept {
  const auto hasObjects = [](const Result& result) { return result.num > 0; };
  if (done_.load(std::memory_order_relaxed) || std::none_of(results.begin(), results.end(), hasObjects) ||
      done_.exchange(true)) {
    return;
  }
  try {
    if (const std::string doubts = doubtsAbout(results); !doubts.empty()) {
      writeLog(LogLevel::Warning,
               "'" + file_ + "': is this network read right? In the first image with results " + doubts +
                   ". `trtyolo info` shows how its outputs are read, setLayout() and --layout change that");
    }
  } catch (const std::bad_alloc&) {
    done_ = false;  // no memory to say it; the next run may have some
  }
}

}  // namespace trtyolo
