// OpenVINO's context: one infer request, written into and decoded from where its tensors lie.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <openvino/openvino.hpp>
#include <vector>

#include "image/center_crop.hpp"
#include "image/rotated_crop.hpp"
#include "model/head.hpp"
#include "runtime/engine.hpp"

namespace trtyolo::openvino {

// What all contexts of an engine have in memory. Any thread.
struct ContextMemory {
  std::atomic<int> contexts = 0;
  std::atomic<std::size_t> bytes = 0;  // of inputs and outputs
};

class OpenVinoContext final : public Context {
 public:
  // `head` and `memory` belong to the engine.
  OpenVinoContext(std::shared_ptr<const Engine> engine, ov::InferRequest request, const Head& head,
                  ContextMemory& memory);
  ~OpenVinoContext() override;

  StageTimes predict(std::span<const ImageView> images, std::span<const Letterbox> letterboxes,
                     const PostprocessOptions& options, std::span<Result> results) override;

 private:
  // Where a border was last written, and around what: it is valid as long as the next image goes to the same place.
  struct BorderState {
    const float* planes = nullptr;
    Letterbox box;
  };

  void write(const ImageView& image, const Letterbox& box, BorderState& border, float* planes);
  void writeGrey(const ImageView& image, const Letterbox& box, float* planes);
  float* inputFor(std::size_t images, Size networkSize);
  std::vector<TensorView> run();
  void count(std::size_t bytes);

  std::shared_ptr<const Engine> engine_;  // before the request: it must outlive it
  ov::InferRequest request_;
  const Head& head_;
  ContextMemory& memory_;
  std::size_t bytes_ = 0;  // of memory_.bytes, this context's
  RotatedCropper rotatedCropper_;
  CenterCropper cropper_;
  Letterboxer letterboxer_;
  Resampler resampler_;
  std::vector<std::uint8_t> grey_;    // of networks of one channel: an image
  std::vector<float> threePlanes_;    // and what the letterbox makes of it
  std::vector<BorderState> borders_;  // of each place in the batch
};

}  // namespace trtyolo::openvino
