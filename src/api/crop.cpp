// Regions of images around boxes, and the way back to the image.
#include "trtyolo/crop.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "api/image_check.hpp"
#include "api/moved_runs.hpp"
#include "image/rotated_crop.hpp"
#include "model/finite_box.hpp"

namespace trtyolo {
namespace {

constexpr double kMostMargin = 10;
// Of a pixel: what rounding to f32 may add to the sides of a box is not to become one.
constexpr double kSlack = 1e-3;

[[noreturn]] void refuse(const std::string& sentence) {
  throw std::invalid_argument("crop: " + sentence);
}

void check(const Image& image, const CropOption& option) {
  if (const std::string wrong = complaintAbout(image); !wrong.empty()) {
    refuse("the image: " + wrong);
  }
  if (image.part.width > 0) {
    refuse("the image is itself a rotated part of an image; give the whole image");
  }
  if (!(option.margin >= 0 && option.margin <= kMostMargin)) {
    refuse("the margin must be a share of the box from 0 to " + std::to_string(static_cast<int>(kMostMargin)) +
           ", found " + std::to_string(option.margin));
  }
}

Crop emptyCrop(const Image& image) {
  Crop crop;
  crop.imageWidth = image.width;
  crop.imageHeight = image.height;
  return crop;
}

// Whole pixels of a side.
struct Pixels {
  int first = 0, end = 0;
};

// All that lie between `low` and `high`, of a side of so many; in pairs if samples are of pairs.
Pixels pixelsBetween(double low, double high, int side, bool pairs, bool endsInPairs) {
  Pixels pixels{static_cast<int>(std::clamp<double>(std::floor(low), 0, side)),
                static_cast<int>(std::clamp<double>(std::ceil(high), 0, side))};
  if (pixels.first >= pixels.end) {
    return {};
  }
  pixels.first -= pairs ? pixels.first % 2 : 0;
  pixels.end += endsInPairs ? pixels.end % 2 : 0;
  return pixels;
}

Crop cropOf(const Image& image, const Box& box, double margin) {
  Crop crop = emptyCrop(image);
  const double width = double{box.right} - box.left, height = double{box.bottom} - box.top;
  if (!isFinite(box) || !(width > 0 && height > 0)) {
    return crop;
  }
  const bool rowPairs = image.format == PixelFormat::NV12 || image.format == PixelFormat::I420;
  const bool packed = image.format == PixelFormat::YUYV;
  const Pixels columns =
      pixelsBetween(box.left - margin * width, box.right + margin * width, image.width, rowPairs || packed, packed);
  const Pixels rows =
      pixelsBetween(box.top - margin * height, box.bottom + margin * height, image.height, rowPairs, false);
  if (columns.end == 0 || rows.end == 0) {
    return crop;
  }
  static_cast<Image&>(crop) = image;
  crop.width = columns.end - columns.first;
  crop.height = rows.end - rows.first;
  const ImageView view = viewOf(image).cropped(columns.first, rows.first, {crop.width, crop.height});
  crop.ptr = view.data;
  for (std::size_t i = 0; i < 2 && image.chroma[i] != nullptr; ++i) {
    crop.chroma[i] = view.conversion.chroma[i];
  }
  crop.x = columns.first;
  crop.y = rows.first;
  return crop;
}

// A turned system of coordinates.
struct Axes {
  double x = 0, y = 0;  // where its origin lies in the image
  double cos = 1, sin = 0;

  Axes(double originX, double originY, double theta)
      : x(originX), y(originY), cos(std::cos(theta)), sin(std::sin(theta)) {}

  double xOf(double u, double v) const { return x + u * cos - v * sin; }
  double yOf(double u, double v) const { return y + u * sin + v * cos; }
  double uOf(double imageX, double imageY) const { return (imageX - x) * cos + (imageY - y) * sin; }
  double vOf(double imageX, double imageY) const { return (imageY - y) * cos - (imageX - x) * sin; }
};

// From the least of some values to the greatest.
struct Range {
  double low = 0, high = 0;
};

using Corners = std::array<std::array<double, 2>, 4>;

Corners cornersOf(double left, double top, double right, double bottom) {
  return {{{left, top}, {right, top}, {right, bottom}, {left, bottom}}};
}

template <typename Value>
Range rangeOver(const Corners& corners, const Value& value) {
  Range range{value(corners[0][0], corners[0][1]), value(corners[0][0], corners[0][1])};
  for (const auto& [x, y] : corners) {
    range.low = std::min(range.low, value(x, y));
    range.high = std::max(range.high, value(x, y));
  }
  return range;
}

// How far a rectangle with these corners reaches in the image.
struct Extent {
  Range across, down;

  Extent(const Axes& axes, const Corners& corners)
      : across(rangeOver(corners, [&](double u, double v) { return axes.xOf(u, v); })),
        down(rangeOver(corners, [&](double u, double v) { return axes.yOf(u, v); })) {}
};

Crop cropOf(const Image& image, const RotatedBox& box, double margin) {
  Crop crop = emptyCrop(image);
  const double width = (double{box.right} - box.left) * (1 + 2 * margin);
  const double height = (double{box.bottom} - box.top) * (1 + 2 * margin);
  if (!isFinite(box) || !(width > 0 && height > 0)) {
    return crop;
  }
  const Axes axes((double{box.left} + box.right) / 2, (double{box.top} + box.bottom) / 2, box.theta);
  // Two rectangles have nothing in common if along one side of either they do not meet.
  const auto [across, down] = Extent(axes, cornersOf(-width / 2, -height / 2, width / 2, height / 2));
  const Corners whole = cornersOf(0, 0, image.width, image.height);
  Range along = rangeOver(whole, [&](double x, double y) { return axes.uOf(x, y); });
  Range beside = rangeOver(whole, [&](double x, double y) { return axes.vOf(x, y); });
  along = {std::max(along.low, -width / 2), std::min(along.high, width / 2)};
  beside = {std::max(beside.low, -height / 2), std::min(beside.high, height / 2)};
  if (across.high <= 0 || across.low >= image.width || down.high <= 0 || down.low >= image.height ||
      along.low >= along.high || beside.low >= beside.high) {
    return crop;
  }
  const auto pixels = [](const Range& range) {
    return std::max(1, static_cast<int>(std::ceil(range.high - range.low - kSlack)));
  };
  static_cast<Image&>(crop) = image;
  RotatedPart& part = crop.part;
  part.width = pixels(along);
  part.height = pixels(beside);
  part.theta = box.theta;
  const double u = (along.low + along.high) / 2, v = (beside.low + beside.high) / 2;
  part.x = axes.xOf(u, v);
  part.y = axes.yOf(u, v);
  crop.x = axes.xOf(u - part.width / 2.0, v - part.height / 2.0);
  crop.y = axes.yOf(u - part.width / 2.0, v - part.height / 2.0);
  crop.theta = part.theta;
  return crop;
}

template <typename AnyBox>
std::vector<Crop> cropAll(const Image& image, const std::vector<AnyBox>& boxes, const CropOption& option) {
  check(image, option);
  std::vector<Crop> crops;
  crops.reserve(boxes.size());
  for (const AnyBox& box : boxes) {
    crops.push_back(cropOf(image, box, option.margin));
  }
  return crops;
}

float within(double value, int side) {
  return static_cast<float>(std::clamp<double>(value, 0, side));
}

void move(const Crop& crop, Box& box) {
  const Axes axes(crop.x, crop.y, crop.theta);
  const auto [across, down] = Extent(axes, cornersOf(box.left, box.top, box.right, box.bottom));
  box.left = within(across.low, crop.imageWidth);
  box.right = within(across.high, crop.imageWidth);
  box.top = within(down.low, crop.imageHeight);
  box.bottom = within(down.high, crop.imageHeight);
}

void move(const Crop& crop, RotatedBox& box) {
  const Axes axes(crop.x, crop.y, crop.theta);
  const double u = (double{box.left} + box.right) / 2, v = (double{box.top} + box.bottom) / 2;
  const double right = axes.xOf(u, v) - u, down = axes.yOf(u, v) - v;
  const auto moveBy = [](float& side, double distance) { side = static_cast<float>(side + distance); };
  moveBy(box.left, right);
  moveBy(box.right, right);
  moveBy(box.top, down);
  moveBy(box.bottom, down);
  box.theta = static_cast<float>(box.theta + crop.theta);
}

void move(const Crop& crop, std::vector<KeyPoint>& points) {
  const Axes axes(crop.x, crop.y, crop.theta);
  for (KeyPoint& point : points) {
    const double u = point.x, v = point.y;
    point.x = within(axes.xOf(u, v), crop.imageWidth);
    point.y = within(axes.yOf(u, v), crop.imageHeight);
  }
}

// The runs of one mask of a rotated region, in the image.
std::vector<Masks::Run> turnedRuns(const Crop& crop, const Masks& masks, std::size_t i) {
  const Mask mask = masks[i];
  const Axes axes(crop.x, crop.y, crop.theta);
  const auto [across, down] = Extent(axes, cornersOf(0, 0, mask.width, mask.height));
  const Pixels columns = pixelsBetween(across.low, across.high, crop.imageWidth, false, false);
  const Pixels rows = pixelsBetween(down.low, down.high, crop.imageHeight, false, false);
  std::vector<Masks::Run> runs;
  for (int y = rows.first; y < rows.end; ++y) {
    const auto begin = static_cast<std::uint32_t>(y) * static_cast<std::uint32_t>(crop.imageWidth);
    bool inside = false;
    for (int x = columns.first; x < columns.end; ++x) {
      const double u = std::floor(axes.uOf(x + 0.5, y + 0.5)), v = std::floor(axes.vOf(x + 0.5, y + 0.5));
      const bool there =
          u >= 0 && u < mask.width && v >= 0 && v < mask.height &&
          mask.data[static_cast<std::size_t>(v) * static_cast<std::size_t>(mask.width) + static_cast<std::size_t>(u)] !=
              0;
      if (there && !inside) {
        runs.push_back({begin + static_cast<std::uint32_t>(x), 0});
      }
      if (there) {
        runs.back().end = begin + static_cast<std::uint32_t>(x) + 1;
      }
      inside = there;
    }
  }
  return runs;
}

void move(const Crop& crop, Masks& masks) {
  const ImageSize size = crop.size();
  if (!masks.empty() && (static_cast<std::size_t>(masks.width()) != size.width ||
                         static_cast<std::size_t>(masks.height()) != size.height)) {
    refuse("masks must have the size of their region, " + std::to_string(size.width) + " x " +
           std::to_string(size.height) + " pixels, found " + std::to_string(masks.width()) + " x " +
           std::to_string(masks.height()) + "; setRetinaMasks(true) makes them so");
  }
  Masks moved(crop.imageWidth, crop.imageHeight);
  for (std::size_t i = 0; i < masks.size(); ++i) {
    const bool upright = crop.theta == 0 && crop.part.width == 0;
    moved.add(upright ? movedRuns(masks, i, static_cast<int>(crop.x), static_cast<int>(crop.y), crop.imageWidth)
                      : turnedRuns(crop, masks, i));
  }
  masks = std::move(moved);
}

void moveTo(const Crop& crop, BaseResult& result) {
  result.imageWidth = crop.imageWidth;
  result.imageHeight = crop.imageHeight;
}

template <typename Part>
void moveAll(const Crop& crop, std::vector<Part>& parts) {
  for (Part& part : parts) {
    move(crop, part);
  }
}

}  // namespace

ImageSize Crop::size() const {
  if (empty()) {
    return {};
  }
  return part.width > 0 ? ImageSize{static_cast<std::size_t>(part.width), static_cast<std::size_t>(part.height)}
                        : ImageSize{static_cast<std::size_t>(width), static_cast<std::size_t>(height)};
}

std::vector<std::uint8_t> Crop::pixels() const {
  if (empty()) {
    return {};
  }
  if (memory == ImageMemory::Device) {
    refuse("the image is in the memory of a GPU (Image::memory); download it to see its pixels");
  }
  RotatedCropper cropper;
  const ImageView view = cropper.upright(viewOf(*this));
  const std::size_t wanted = format == PixelFormat::Interleaved ? static_cast<std::size_t>(channels)
                             : format == PixelFormat::Gray16    ? 1
                                                                : 3;
  const auto found = static_cast<std::size_t>(view.channels), rowPixels = static_cast<std::size_t>(view.size.width);
  std::vector<std::uint8_t> bytes(rowPixels * static_cast<std::size_t>(view.size.height) * wanted);
  std::uint8_t* to = bytes.data();
  RowSource rows;
  rows.open(view, 1);
  for (int row = 0; row < view.size.height; ++row) {
    const std::uint8_t* from = rows.row(row);
    for (std::size_t i = 0; i < rowPixels; ++i, from += found, to += wanted) {
      std::memcpy(to, from, wanted);
    }
  }
  return bytes;
}

void Crop::toImage(Result& result) const {
  if (result.hasSemantic() || result.hasDepth()) {
    refuse(std::string("a result of the task '") + toString(result.task) +
           "' says something of each pixel, and cannot be brought to another image");
  }
  if (result.hasMasks()) {
    move(*this, result.masks);
  }
  moveAll(*this, result.boxes);
  moveAll(*this, result.rotatedBoxes);
  moveAll(*this, result.keypoints);
  moveTo(*this, result);
}

void Crop::toImage(ClsResult& result) const {
  moveTo(*this, result);
}

void Crop::toImage(DetResult& result) const {
  moveAll(*this, result.boxes);
  moveTo(*this, result);
}

void Crop::toImage(OBBResult& result) const {
  moveAll(*this, result.boxes);
  moveTo(*this, result);
}

void Crop::toImage(SegResult& result) const {
  move(*this, result.masks);
  moveAll(*this, result.boxes);
  moveTo(*this, result);
}

void Crop::toImage(PoseResult& result) const {
  moveAll(*this, result.boxes);
  moveAll(*this, result.kpts);
  moveTo(*this, result);
}

std::vector<Crop> crop(const Image& image, const std::vector<Box>& boxes, const CropOption& option) {
  return cropAll(image, boxes, option);
}

std::vector<Crop> crop(const Image& image, const std::vector<RotatedBox>& boxes, const CropOption& option) {
  return cropAll(image, boxes, option);
}

std::vector<Crop> crop(const Image& image, const Result& result, const CropOption& option) {
  if (!result.hasBoxes() && !result.hasRotatedBoxes()) {
    refuse(std::string("a result of the task '") + toString(result.task) +
           "' has no boxes; the first model must detect, segment or find poses or oriented boxes");
  }
  if (result.imageWidth != image.width || result.imageHeight != image.height) {
    refuse("the result is of an image of " + std::to_string(result.imageWidth) + " x " +
           std::to_string(result.imageHeight) + " pixels, and the image has " + std::to_string(image.width) + " x " +
           std::to_string(image.height));
  }
  return result.hasRotatedBoxes() ? crop(image, result.rotatedBoxes, option) : crop(image, result.boxes, option);
}

void requireSecondStage(const ModelInfo& info) {
  if (info.task == Task::Semantic || info.task == Task::Depth) {
    throw std::invalid_argument("predictCrops: '" + info.file + "' is a model for the task '" + toString(info.task) +
                                "', which says something of each pixel; regions of objects take one that classifies or "
                                "finds objects");
  }
}

}  // namespace trtyolo
