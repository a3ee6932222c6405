// The network's input for callers who run the network themselves.
#include "trtyolo/preprocess.hpp"

#include <optional>

#include "api/image_check.hpp"
#include "api/option.hpp"
#include "runtime/backends.hpp"
#include "runtime/input_writer.hpp"

namespace trtyolo {

class Preprocessor::Impl {
 public:
  Impl(const std::string& file, const InferOption& option)
      : description_(inspectFile(file, option.impl().engine)), sourceSize_(option.impl().sourceSize) {}

  const ModelInfo& info() const { return description_.info; }

  NetworkInput write(const Image& image) {
    const ImageView view = checkedView(image, sourceSize_, std::nullopt, std::nullopt);
    const Letterbox box = description_.fit(view.wholeSize());
    NetworkInput input{description_.input.channels, box.network.height, box.network.width, {}};
    input.values.resize(static_cast<std::size_t>(input.channels) * static_cast<std::size_t>(input.height) *
                        static_cast<std::size_t>(input.width));
    InputWriter::BorderState noBorder;  // these values are others than the last ones
    writer_.write(description_, view, box, noBorder, input.values.data());
    return input;
  }

 private:
  ModelDescription description_;
  std::optional<Size> sourceSize_;
  InputWriter writer_;
};

Preprocessor::Preprocessor(const std::string& file, const InferOption& option)
    : impl_(std::make_unique<Impl>(file, option)) {}
Preprocessor::~Preprocessor() = default;
Preprocessor::Preprocessor(Preprocessor&&) noexcept = default;
Preprocessor& Preprocessor::operator=(Preprocessor&&) noexcept = default;

const ModelInfo& Preprocessor::info() const {
  return impl_->info();
}

NetworkInput Preprocessor::write(const Image& image) {
  return impl_->write(image);
}

}  // namespace trtyolo
