#include "encoded.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "bindings.hpp"
#include "errors.hpp"
#include "images.hpp"
#include "media/checks.hpp"
#include "media/image_decoder.hpp"
#include "text.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

constexpr std::string_view kPrefix = "predict: image";  // of the library's messages about one image

// Pixels of an array, released by any thread.
struct HeldArray {
  explicit HeldArray(nb::handle array) {
    if (PyObject_GetBuffer(array.ptr(), &buffer, PyBUF_STRIDES) != 0) {
      throw nb::python_error();
    }
  }
  ~HeldArray() {
    const nb::gil_scoped_acquire locked;
    PyBuffer_Release(&buffer);
  }
  HeldArray(const HeldArray&) = delete;
  HeldArray& operator=(const HeldArray&) = delete;

  Py_buffer buffer{};
};

// What a codec of Python raised about an image: of a ValueError, which is about its bytes, a DecodeError.
[[noreturn]] void rethrowByCodec(const EncodedImage& image, const std::string& codec, const nb::python_error& error) {
  if (error.matches(PyExc_ValueError)) {
    media::checkAfter(image);
    media::checkKind(image, codec);
    throw DecodeError(printed(error.value()));
  }
  throw;
}

// Whatever reads images in Python: OpenCV, or Pillow.
class PythonCodec final : public media::CpuCodec {
 public:
  PythonCodec() : name_(nb::cast<std::string>(nb::module_::import_("tensorrt_yolo.images").attr("codec_name")())) {}

  std::string name() const override { return name_; }

  DecodedImage decode(const EncodedImage& image, bool bgr, int divisor) const override {
    const nb::gil_scoped_acquire locked;
    try {
      const nb::object bytes = nb::steal(PyMemoryView_FromMemory(static_cast<char*>(const_cast<void*>(image.bytes)),
                                                                 static_cast<Py_ssize_t>(image.size), PyBUF_READ));
      const nb::object array = nb::module_::import_("tensorrt_yolo.images").attr("decode_by_cpu")(bytes, bgr, divisor);
      const auto held = std::make_shared<HeldArray>(array);
      const Py_buffer& buffer = held->buffer;
      const PixelLayout layout = layoutOf("a decoded image", {buffer.shape, buffer.shape + buffer.ndim},
                                          {buffer.strides, buffer.strides + buffer.ndim});
      return {{buffer.buf, layout.width, layout.height, layout.channels, static_cast<std::size_t>(layout.row)},
              std::nullopt,
              std::shared_ptr<const void>(held, buffer.buf),
              nullptr};
    } catch (const nb::python_error& error) {
      rethrowByCodec(image, name_, error);
    }
  }

 private:
  std::string name_;
};

// The array that Python makes of the image.
nb::object decodeArray(const EncodedBytes& image, bool bgr) {
  const nb::module_ images = nb::module_::import_("tensorrt_yolo.images");
  const std::string name = nb::cast<std::string>(images.attr("codec_name")());
  try {
    const EncodedImage view = image.view();
    media::checkBefore(view, std::numeric_limits<std::size_t>::max(), name);
    nb::object array;
    try {
      const nb::object bytes = nb::steal(PyMemoryView_FromMemory(static_cast<char*>(const_cast<void*>(view.bytes)),
                                                                 static_cast<Py_ssize_t>(view.size), PyBUF_READ));
      array = images.attr("decode_by_cpu")(bytes, bgr);
    } catch (const nb::python_error& error) {
      rethrowByCodec(view, name, error);
    }
    media::checkAfter(view);
    return array;
  } catch (const DecodeError&) {
    std::rethrow_exception(image.named(std::current_exception()));
  }
}

}  // namespace

EncodedBytes::EncodedBytes(nb::handle bytes, std::string what, std::string hint)
    : what_(std::move(what)), hint_(std::move(hint)) {
  if (PyObject_GetBuffer(bytes.ptr(), &buffer_, PyBUF_SIMPLE) != 0) {
    throw nb::python_error();
  }
}

std::exception_ptr EncodedBytes::named(const std::exception_ptr& error) const {
  try {
    std::rethrow_exception(error);
  } catch (const DecodeError& reason) {
    const std::string text = reason.what();
    const std::size_t end = text.find(": ", kPrefix.size());
    const bool known = text.compare(0, kPrefix.size(), kPrefix) == 0 && end != std::string::npos;
    const std::string why = known ? text.substr(end + 2) : text;
    return std::make_exception_ptr(DecodeError(what_ + why + (why.compare(0, 12, "not an image") == 0 ? hint_ : "")));
  } catch (...) {
    return error;
  }
}

std::vector<const EncodedBytes*> encodedImages(const nb::list& images) {
  std::vector<const EncodedBytes*> encoded;
  for (const nb::handle image : images) {
    const EncodedBytes* one = nullptr;
    if (!nb::try_cast(image, one) || !one) {
      return {};
    }
    encoded.push_back(one);
  }
  return encoded;
}

void rethrowNamed(const DecodeError& error, const std::vector<const EncodedBytes*>& images) {
  const std::string text = error.what();
  const std::size_t number =
      images.size() > 1 ? static_cast<std::size_t>(std::strtoul(text.c_str() + kPrefix.size(), nullptr, 10)) : 0;
  const std::size_t index = std::min(images.size() - 1, number);
  try {
    std::rethrow_exception(images[index]->named(std::make_exception_ptr(error)));
  } catch (const DecodeError& named) {
    throw DecodeError((images.size() > 1 ? "images[" + std::to_string(index) + "]: " : "") + named.what());
  }
}

std::shared_ptr<ImageDecoder> imageDecoder() {
  static const std::shared_ptr<ImageDecoder>& decoder = *new std::shared_ptr<ImageDecoder>([] {
    ImageDecoderOption option;
    const nb::module_ images = nb::module_::import_("tensorrt_yolo.images");
    option.nvImageCodec = nb::cast<std::string>(images.attr("nvimagecodec")());
    option.maxPixelBytes = nb::cast<std::size_t>(images.attr("max_pixel_bytes"));
    return std::make_shared<media::Decoder>(option, std::make_unique<PythonCodec>());
  }());  // never destroyed: models may outlive the interpreter
  return decoder;
}

void bindEncoded(nb::module_& module) {
  nb::class_<EncodedBytes>(module, "EncodedImage", "The bytes of an image file.")
      .def(nb::init<nb::handle, std::string, std::string>(), nb::arg("data"), nb::arg("what"), nb::arg("hint"));
  module.def("memory_left", &memoryLeft);
  module.def("decode", &decodeArray, nb::arg("image"), nb::arg("bgr"), "The image's pixels, decoded on the CPU.");
}

}  // namespace trtyolo::python
