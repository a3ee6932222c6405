// The results of trtyolo.h.
#include <algorithm>
#include <type_traits>

#include "api/c/handles.hpp"

trtyolo_result::trtyolo_result(trtyolo::Result&& result) : value(std::move(result)) {
  for (const int index : value.classes) {
    if (value.names.map().count(index) == 0) {
      numbers.emplace(index, value.names[index]);
    }
  }
}

namespace trtyolo::c {
namespace {

// The elements of a list for C, which has the same numbers in the same places. NULL if there is no such list.
template <class ForC, class Element>
const ForC* shown(const std::vector<Element>& list) {
  static_assert(sizeof(ForC) == sizeof(Element) && alignof(ForC) == alignof(Element) &&
                std::is_trivially_copyable_v<Element>);
  return list.empty() ? nullptr : reinterpret_cast<const ForC*>(list.data());
}

bool hasMask(const trtyolo_result* result, std::size_t i) {
  return result != nullptr && i < result->value.masks.size();
}

void tell(std::size_t* count, std::size_t value) {
  if (count != nullptr) {
    *count = value;
  }
}

}  // namespace

}  // namespace trtyolo::c

using trtyolo::c::guarded;
using trtyolo::c::required;
using trtyolo::c::shown;

void trtyolo_result_free(trtyolo_result* result) {
  delete result;
}

trtyolo_task trtyolo_result_task(const trtyolo_result* result) {
  return result == nullptr ? TRTYOLO_CLASSIFY : static_cast<trtyolo_task>(result->value.task);
}

size_t trtyolo_result_count(const trtyolo_result* result) {
  return result == nullptr ? 0 : result->value.classes.size();
}

trtyolo_size trtyolo_result_image_size(const trtyolo_result* result) {
  return result == nullptr ? trtyolo_size{} : trtyolo_size{result->value.imageWidth, result->value.imageHeight};
}

trtyolo_times trtyolo_result_times(const trtyolo_result* result) {
  if (result == nullptr) {
    return {};
  }
  const trtyolo::StageTimes& speed = result->value.speed;
  return {speed.preprocess, speed.inference, speed.postprocess};
}

const int* trtyolo_result_classes(const trtyolo_result* result) {
  return result == nullptr ? nullptr : shown<int>(result->value.classes);
}

const float* trtyolo_result_scores(const trtyolo_result* result) {
  return result == nullptr ? nullptr : shown<float>(result->value.scores);
}

const char* trtyolo_result_name(const trtyolo_result* result, size_t i) {
  if (i >= trtyolo_result_count(result)) {
    return nullptr;
  }
  const int index = result->value.classes[i];
  const auto number = result->numbers.find(index);
  return (number == result->numbers.end() ? result->value.names.map().find(index) : number)->second.c_str();
}

const trtyolo_box* trtyolo_result_boxes(const trtyolo_result* result) {
  return result == nullptr ? nullptr : shown<trtyolo_box>(result->value.boxes);
}

const trtyolo_rotated_box* trtyolo_result_rotated_boxes(const trtyolo_result* result) {
  return result == nullptr ? nullptr : shown<trtyolo_rotated_box>(result->value.rotatedBoxes);
}

const trtyolo_keypoint* trtyolo_result_keypoints(const trtyolo_result* result, size_t i, size_t* count) {
  const bool there = result != nullptr && i < result->value.keypoints.size();
  trtyolo::c::tell(count, there ? result->value.keypoints[i].size() : 0);
  return there ? shown<trtyolo_keypoint>(result->value.keypoints[i]) : nullptr;
}

trtyolo_size trtyolo_result_mask_size(const trtyolo_result* result) {
  return result == nullptr ? trtyolo_size{} : trtyolo_size{result->value.masks.width(), result->value.masks.height()};
}

const trtyolo_run* trtyolo_result_mask_runs(const trtyolo_result* result, size_t i, size_t* count) {
  static_assert(sizeof(trtyolo_run) == sizeof(trtyolo::Masks::Run));
  const bool there = trtyolo::c::hasMask(result, i);
  trtyolo::c::tell(count, there ? result->value.masks.runCount(i) : 0);
  return there ? reinterpret_cast<const trtyolo_run*>(result->value.masks.runs(i)) : nullptr;
}

trtyolo_status trtyolo_result_mask(const trtyolo_result* result, size_t i, uint8_t* pixels, size_t size) {
  return guarded(__func__, [&] {
    required(result, "result");
    required(pixels, "pixels");
    const trtyolo::Masks& masks = result->value.masks;
    if (i >= masks.size()) {
      throw trtyolo::c::MisuseError("there are " + std::to_string(masks.size()) + " masks, and number " +
                                    std::to_string(i) + " was asked for");
    }
    const auto needed = static_cast<std::size_t>(masks.width()) * static_cast<std::size_t>(masks.height());
    if (size < needed) {
      throw trtyolo::c::MisuseError("a mask of " + std::to_string(masks.width()) + " x " +
                                    std::to_string(masks.height()) + " pixels needs as many bytes, found " +
                                    std::to_string(size));
    }
    std::fill_n(pixels, needed, std::uint8_t{0});
    const trtyolo::Masks::Run* runs = masks.runs(i);
    for (std::size_t r = 0; r < masks.runCount(i); ++r) {
      std::fill(pixels + runs[r].begin, pixels + runs[r].end, std::uint8_t{1});
    }
  });
}

trtyolo_class_map trtyolo_result_semantic(const trtyolo_result* result) {
  if (result == nullptr || !result->value.hasSemantic()) {
    return {};
  }
  const trtyolo::ClassMap& map = result->value.semantic;
  return {map.data.data(), map.width, map.height, map.none, map.binary};
}

const size_t* trtyolo_result_pixels(const trtyolo_result* result) {
  return result == nullptr ? nullptr : shown<size_t>(result->value.pixels);
}

trtyolo_depth_map trtyolo_result_depth(const trtyolo_result* result) {
  if (result == nullptr || !result->value.hasDepth()) {
    return {};
  }
  const trtyolo::DepthMap& map = result->value.depth;
  return {map.data.data(), map.width, map.height};
}

trtyolo_status trtyolo_result_json(const trtyolo_result* result, char** text) {
  trtyolo::c::clear(text);
  return guarded(__func__, [&] {
    required(result, "result");
    required(text, "text");
    *text = trtyolo::c::copyOf(result->value.toJson());
  });
}
