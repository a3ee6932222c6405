// The network's input, for Python.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "images.hpp"
#include "models.hpp"
#include "text.hpp"
#include "trtyolo.hpp"
#include "unlocked.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

// A preprocessor that threads take in turn.
class HeldPreprocessor {
 public:
  HeldPreprocessor(const std::string& file, InferOption option) {  // a copy: another thread may change it meanwhile
    claimProcess();
    preprocessor_ = unlocked([&] { return std::make_unique<Preprocessor>(file, option); });
  }
  HeldPreprocessor(const HeldPreprocessor&) = delete;
  HeldPreprocessor& operator=(const HeldPreprocessor&) = delete;

  nb::object info() const { return pythonInfo(preprocessor_->info()); }

  // f32 [1, channels, height, width], which owns its values.
  nb::object write(nb::handle image) {
    HeldImages held({});
    held.add(image);
    NetworkInput input = unlocked([&] {
      held.copyScattered();
      const std::lock_guard lock(mutex_);
      return preprocessor_->write(held.images().front());
    });
    auto memory = std::make_unique<std::vector<float>>(std::move(input.values));
    float* const data = memory->data();
    const nb::capsule owner = capsuleOf(std::move(memory));
    const auto side = [](int pixels) { return static_cast<std::size_t>(pixels); };
    return nb::cast(
        nb::ndarray<nb::numpy, float>(data, {1, side(input.channels), side(input.height), side(input.width)}, owner));
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Preprocessor> preprocessor_;
};

}  // namespace

void bindPreprocess(nb::module_& module) {
  nb::class_<HeldPreprocessor>(module, "Preprocessor", "Makes the network's input of images.")
      .def(nb::init<const std::string&, InferOption>(), nb::arg("file"), nb::arg("option"))
      .def("info", &HeldPreprocessor::info)
      .def("write", &HeldPreprocessor::write, nb::arg("image"));
}

}  // namespace trtyolo::python
