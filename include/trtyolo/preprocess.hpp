// trtyolo::Preprocessor: the network's input, as models make it of images, for tools that need it themselves.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api.hpp"
#include "errors.hpp"
#include "image.hpp"
#include "info.hpp"
#include "options.hpp"

namespace trtyolo {

/// The input of a network for one image.
struct TRTYOLO_API NetworkInput {
  int channels = 0, height = 0, width = 0;  ///< of the tensor, whose batch is 1
  /// The planes one after the other, rows from the top down: channels * height * width values.
  std::vector<float> values;
};

/// Makes of images what a model's network is given: letterboxed (of classifiers: cropped), in the order of colours and
/// in the range of values that the network has, equal to the bit to what predict() makes of the same image on a CPU.
/// For calibrating quantized networks, and for comparing with other programs. Nothing is made ready to run, so it is
/// cheap beside a model.
///
/// Threads: write() is for one thread at a time; objects are independent of each other. A moved-from one may only be
/// assigned to or destroyed.
class TRTYOLO_API Preprocessor {
 public:
  /// For the model in `file`, with the option that a model would be loaded with; its decoder plays no part.
  /// @throws ModelError   as inspect()
  /// @throws DeviceError  as inspect()
  explicit Preprocessor(const std::string& file, const InferOption& option = {});
  ~Preprocessor();
  Preprocessor(Preprocessor&&) noexcept;
  Preprocessor& operator=(Preprocessor&&) noexcept;

  /// What is known of the model.
  const ModelInfo& info() const;

  /// The input for an image in ordinary memory. Of a model with dynamic sizes it is as large as the image needs, as in
  /// predict() (see InferOption::setRect()).
  /// @throws std::invalid_argument  the image is not what Image says it must be, is in the memory of a GPU, or is not
  ///   of the size that InferOption::setInputDimensions() says
  NetworkInput write(const Image& image);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trtyolo
