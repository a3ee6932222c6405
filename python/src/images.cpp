#include "images.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "bindings.hpp"
#include "results.hpp"
#include "text.hpp"
#include "unlocked.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

std::string text(const std::vector<std::ptrdiff_t>& shape) {
  return nb::repr(nb::tuple(nb::cast(shape))).c_str();
}

// What an array calls its type of values.
std::string typeName(nb::handle array, const char* format) {
  if (!nb::hasattr(array, "dtype")) {
    return std::string("the buffer format '") + format + '\'';
  }
  return printed(array.attr("dtype"));
}

// How to make an image of values of this type.
const char* adviceFor(const std::string& type) {
  const auto has = [&](const char* part) { return type.find(part) != std::string::npos; };
  if (has("float")) {
    return "convert it yourself, as in (image * 255).round().astype(numpy.uint8) for values 0 to 1";
  }
  if (has("uint16")) {
    return "give Image.gray16(image, low, high) for grey of 16 bits, such as a thermal camera's, with the values that "
           "become 0 and 255; convert colours yourself: (image >> 8).astype(numpy.uint8) takes the upper 8 of 16 bits, "
           "as "
           "OpenCV does when it reads files";
  }
  if (has("bool")) {
    return "convert it yourself, as in image.astype(numpy.uint8) * 255";
  }
  return "convert it yourself, as in image.clip(0, 255).astype(numpy.uint8)";
}

[[noreturn]] void throwWrongType(const std::string& found) {
  throw nb::type_error(
      ("predict: an image must have values of the type uint8 (0 to 255), found " + found + "; " + adviceFor(found))
          .c_str());
}

template <int channels>
void copyPixels(const PixelLayout& layout, const std::uint8_t* from, std::uint8_t* to) {
  for (int y = 0; y < layout.height; ++y, from += layout.row) {
    const std::uint8_t* pixel = from;
    for (int x = 0; x < layout.width; ++x, pixel += layout.pixel, to += channels) {
      for (int c = 0; c < channels; ++c) {
        to[c] = pixel[c * layout.channel];
      }
    }
  }
}

Image viewOf(const PixelLayout& layout, const std::uint8_t* first) {
  return {first, layout.width, layout.height, layout.channels, static_cast<std::size_t>(layout.row)};
}

// An image that an array with __cuda_array_interface__, or a tensor, describes.
DeviceImage deviceImage(std::uintptr_t pointer, const std::vector<std::ptrdiff_t>& shape,
                        const std::vector<std::ptrdiff_t>& strides, int deviceId, nb::object owner) {
  const PixelLayout layout = layoutOf("predict: an image on a GPU", shape, strides);
  if (!layout.isPacked()) {
    throw std::invalid_argument("predict: an image on a GPU must have its pixels side by side, found strides of " +
                                text(strides) + " bytes; copy it first");
  }
  return {viewOf(layout, reinterpret_cast<const std::uint8_t*>(pointer)), deviceId, std::move(owner)};
}

// An image that __dlpack__() gave.
DeviceImage deviceImageOfCapsule(nb::object capsule) {
  using Array = nb::ndarray<nb::ro>;
  const Array array = nb::cast<Array>(capsule);
  if (array.dtype() != nb::dtype<std::uint8_t>()) {
    throwWrongType("values of " + std::to_string(array.dtype().bits) + " bits of the DLPack type " +
                   std::to_string(array.dtype().code));
  }
  const std::vector<std::ptrdiff_t> shape(array.shape_ptr(), array.shape_ptr() + array.ndim());
  const std::vector<std::ptrdiff_t> strides(array.stride_ptr(), array.stride_ptr() + array.ndim());
  // The array gives the memory back when it goes; the capsule has no say in it any more.
  nb::object owner = capsuleOf(std::make_unique<Array>(array));
  return deviceImage(reinterpret_cast<std::uintptr_t>(array.data()), shape, strides, array.device_id(),
                     std::move(owner));
}

PixelFormat formatNamed(const std::string& name) {
  return name == "nv12"   ? PixelFormat::NV12
         : name == "i420" ? PixelFormat::I420
         : name == "yuyv" ? PixelFormat::YUYV
                          : PixelFormat::Gray16;
}

// `planes` have been brought to the rows that the format wants (formats.py); add() looks at them again.
FormatImage formatImage(const std::string& format, std::vector<nb::object> planes, int width, int height,
                        const std::string& matrix, const std::string& range, int low, int high) {
  FormatImage image;
  image.image.format = formatNamed(format);
  image.image.width = width;
  image.image.height = height;
  image.image.matrix = matrix == "bt709" ? ColorMatrix::BT709 : ColorMatrix::BT601;
  image.image.range = range == "full" ? ColorRange::Full : ColorRange::Limited;
  image.image.low = low;
  image.image.high = high;
  image.planes = std::move(planes);
  return image;
}

// How many rows of how many bytes a plane of the image has.
std::pair<int, int> sidesOfPlane(const Image& image, std::size_t plane) {
  if (plane == 0) {
    const bool two = image.format == PixelFormat::YUYV || image.format == PixelFormat::Gray16;
    return {image.height, two ? 2 * image.width : image.width};
  }
  return {(image.height + 1) / 2, (image.width + 1) / 2 * (image.format == PixelFormat::NV12 ? 2 : 1)};
}

// Of each region the place of its upper left corner, its angle, width and height, and its pixels u8 [height, width,
// channels], or None of an upright one of interleaved pixels, which can be seen in the image; None of one that is
// empty.
nb::list cropsOf(nb::handle image, nb::handle found, float margin) {
  HeldImages held({});
  held.add(image);
  const Result objects = objectsOf(found, held.images().front());
  std::vector<std::vector<std::uint8_t>> pixels;
  const std::vector<Crop> crops = unlocked([&] {
    held.copyScattered();
    std::vector<Crop> regions = crop(held.images().front(), objects, {margin});
    for (const Crop& each : regions) {
      const bool seen = each.format == PixelFormat::Interleaved && each.part.width == 0;
      pixels.push_back(seen ? std::vector<std::uint8_t>() : each.pixels());
    }
    return regions;
  });
  nb::list list;
  for (std::size_t i = 0; i < crops.size(); ++i) {
    if (crops[i].empty()) {
      list.append(nb::none());
      continue;
    }
    const ImageSize size = crops[i].size();
    nb::object array = nb::none();
    if (!pixels[i].empty()) {
      const std::size_t channels = pixels[i].size() / (size.width * size.height);
      auto memory = std::make_unique<std::vector<std::uint8_t>>(std::move(pixels[i]));
      std::uint8_t* const data = memory->data();
      const nb::capsule owner = capsuleOf(std::move(memory));
      array = nb::cast(nb::ndarray<nb::numpy, std::uint8_t>(data, {size.height, size.width, channels}, owner));
    }
    list.append(nb::make_tuple(crops[i].x, crops[i].y, crops[i].theta, size.width, size.height, array));
  }
  return list;
}

}  // namespace

bool PixelLayout::isPacked() const {
  return (channels == 1 || channel == 1) && (width == 1 || pixel == channels) &&
         (height == 1 || row >= static_cast<std::ptrdiff_t>(width) * channels);
}

PixelLayout layoutOf(const char* what, const std::vector<std::ptrdiff_t>& shape,
                     const std::vector<std::ptrdiff_t>& strides) {
  const auto fail = [&](const std::string& why) {
    return std::invalid_argument(std::string(what) +
                                 " must have the shape (height, width) or (height, width, channels) with 1, 3 or 4 "
                                 "channels, found " +
                                 text(shape) + why);
  };
  if (shape.size() == 4) {
    throw fail("; several images are given as a list: predict(list(images))");
  }
  if (shape.size() != 2 && shape.size() != 3) {
    throw fail("");
  }
  PixelLayout layout;
  const std::ptrdiff_t channels = shape.size() == 3 ? shape[2] : 1;
  if (shape[0] < 1 || shape[1] < 1 || channels < 1) {
    throw fail(", which is empty");
  }
  if (channels == 2) {
    throw fail("; a frame of YUYV is given as Image.yuyv(frame)");
  }
  if (channels != 1 && channels != 3 && channels != 4) {
    throw fail(shape[0] == 1 || shape[0] == 3 || shape[0] == 4
                   ? "; if the channels stand first, put them last: image.transpose(1, 2, 0)"
                   : "");
  }
  if (shape[0] > std::numeric_limits<int>::max() || shape[1] > std::numeric_limits<int>::max()) {
    throw fail(", which is too large");
  }
  layout.height = static_cast<int>(shape[0]);
  layout.width = static_cast<int>(shape[1]);
  layout.channels = static_cast<int>(channels);
  layout.channel = shape.size() == 3 ? strides[2] : 1;
  layout.pixel = strides[1];
  // One row has no next row: its stride may be anything.
  layout.row = shape[0] == 1 ? shape[1] * channels : strides[0];
  return layout;
}

HeldImages::~HeldImages() {
  for (Py_buffer& buffer : buffers_) {
    PyBuffer_Release(&buffer);
  }
}

void HeldImages::add(nb::handle image) {
  if (const DeviceImage * device; nb::try_cast(image, device) && device) {
    addDevice(*device);
  } else if (const FormatImage * planes; nb::try_cast(image, planes) && planes) {
    addFormat(*planes);
  } else {
    addHost(image);
  }
}

void HeldImages::addAll(nb::handle images) {
  const std::size_t count = nb::len(images);
  for (const nb::handle image : images) {
    const std::string place = "images[" + std::to_string(images_.size()) + "]: ";
    try {
      add(image);
    } catch (const nb::builtin_exception& error) {
      throw nb::builtin_exception(error.type(), ((count > 1 ? place : "") + error.what()).c_str());
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument((count > 1 ? place : "") + error.what());
    }
  }
}

void HeldImages::addDevice(const DeviceImage& image) {
  if (gpus_.empty()) {
    throw std::invalid_argument("predict: the image is in the memory of GPU " + std::to_string(image.deviceId) +
                                ", and the model runs on the CPU; copy the image, as in image.cpu()");
  }
  if (std::find(gpus_.begin(), gpus_.end(), image.deviceId) == gpus_.end()) {
    std::string where;
    for (const int gpu : gpus_) {
      where += (where.empty() ? "" : ", ") + std::to_string(gpu);
    }
    throw std::invalid_argument("predict: the image is in the memory of GPU " + std::to_string(image.deviceId) +
                                ", the model is on GPU " + where +
                                " (InferOption.set_device_id, or devices of a Pool)");
  }
  images_.push_back(image.image);
  images_.back().memory = ImageMemory::Device;
  owners_.push_back(image.owner);
}

void HeldImages::addHost(nb::handle image) {
  buffers_.emplace_back();
  Py_buffer& buffer = buffers_.back();
  if (PyObject_GetBuffer(image.ptr(), &buffer, PyBUF_STRIDES | PyBUF_FORMAT) != 0) {
    buffers_.pop_back();
    throw nb::python_error();
  }
  if (buffer.format && std::string(buffer.format) != "B") {
    throwWrongType(typeName(image, buffer.format));
  }
  const PixelLayout layout = layoutOf("predict: an image", {buffer.shape, buffer.shape + buffer.ndim},
                                      {buffer.strides, buffer.strides + buffer.ndim});
  const auto* first = static_cast<const std::uint8_t*>(buffer.buf);
  if (!layout.isPacked()) {
    scattered_.push_back({images_.size(), first, layout});
  }
  images_.push_back(viewOf(layout, first));
  images_.back().memory = ImageMemory::Host;
}

// Adds the planes as images, and makes one of them.
void HeldImages::addFormat(const FormatImage& image) {
  Image whole = image.image;
  const std::size_t before = images_.size(), scattered = scattered_.size();
  for (std::size_t i = 0; i < image.planes.size(); ++i) {
    add(image.planes[i]);
    const Image plane = images_.back();
    images_.resize(before);
    if (plane.channels != 1 || std::pair(plane.height, plane.width) != sidesOfPlane(whole, i) ||
        scattered_.size() != scattered) {
      throw std::invalid_argument("predict: a plane of an image has changed since the Image was made");
    }
    if (i > 0 && plane.memory != whole.memory) {
      throw std::invalid_argument(
          "predict: the planes of an image must be in one memory, found some on a GPU and some not");
    }
    if (i == 0) {
      whole.ptr = plane.ptr;
      whole.pitch = plane.pitch;
      whole.memory = plane.memory;
    } else {
      whole.chroma[i - 1] = plane.ptr;
      // Image has one pitch for both.
      if (i == 2 && whole.chromaPitch != plane.pitch) {
        throw std::invalid_argument("predict: the planes of U and V must have rows of the same distance, found " +
                                    std::to_string(whole.chromaPitch) + " and " + std::to_string(plane.pitch) +
                                    " bytes; copy one of them");
      }
      whole.chromaPitch = plane.pitch;
    }
  }
  images_.push_back(whole);
}

void HeldImages::copyScattered() {
  for (const Scattered& one : scattered_) {
    const PixelLayout& layout = one.layout;
    const std::size_t bytes = static_cast<std::size_t>(layout.width) * static_cast<std::size_t>(layout.height) *
                              static_cast<std::size_t>(layout.channels);
    std::uint8_t* copy = copies_.emplace_back(new std::uint8_t[bytes]).get();
    switch (layout.channels) {
      case 1:
        copyPixels<1>(layout, one.first, copy);
        break;
      case 3:
        copyPixels<3>(layout, one.first, copy);
        break;
      default:
        copyPixels<4>(layout, one.first, copy);
    }
    images_[one.index] = Image(copy, layout.width, layout.height, layout.channels, 0);
    images_[one.index].memory = ImageMemory::Host;
  }
}

void bindImages(nb::module_& module) {
  nb::class_<DeviceImage>(module, "DeviceImage",
                          "An image in the memory of a GPU: uint8, (height, width[, channels]), strides in bytes.")
      .def(nb::new_(&deviceImage), nb::arg("pointer"), nb::arg("shape"), nb::arg("strides"), nb::arg("device_id"),
           nb::arg("owner"))
      .def_static("from_dlpack", &deviceImageOfCapsule, nb::arg("capsule"), "Takes what __dlpack__() gave.");
  nb::class_<FormatImage>(module, "FormatImage", "An image in another format than interleaved bytes.")
      .def(nb::new_(&formatImage), nb::arg("format"), nb::arg("planes"), nb::arg("width"), nb::arg("height"),
           nb::arg("matrix"), nb::arg("range"), nb::arg("low"), nb::arg("high"));
  module.def("crops", &cropsOf, nb::arg("image"), nb::arg("found"), nb::arg("margin"));
}

}  // namespace trtyolo::python
