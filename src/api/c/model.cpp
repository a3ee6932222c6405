// The models of trtyolo.h, and what is known of them.
#include "api/c/handles.hpp"

namespace trtyolo::c {
namespace {

const ModelInfo* infoOf(const trtyolo_info* info) {
  return reinterpret_cast<const ModelInfo*>(info);
}

const char* textOf(const trtyolo_info* info, const std::string ModelInfo::*text) {
  return info == nullptr ? nullptr : (infoOf(info)->*text).c_str();
}

int numberOf(const trtyolo_info* info, const int ModelInfo::*number) {
  return info == nullptr ? 0 : infoOf(info)->*number;
}

template <class Key>
const char* foundIn(const std::map<Key, std::string>& texts, const Key& key) {
  const auto found = texts.find(key);
  return found == texts.end() ? nullptr : found->second.c_str();
}

}  // namespace
}  // namespace trtyolo::c

using trtyolo::Model;
using trtyolo::ModelInfo;
using trtyolo::c::change;
using trtyolo::c::clear;
using trtyolo::c::guarded;
using trtyolo::c::numberOf;
using trtyolo::c::required;
using trtyolo::c::textOf;

trtyolo_status trtyolo_model_load(const char* file, const trtyolo_options* options, trtyolo_model** model) {
  clear(model);
  return guarded(__func__, [&] {
    required(file, "file");
    required(model, "model");
    *model = new trtyolo_model{Model::load(file, options == nullptr ? trtyolo::InferOption() : options->value)};
  });
}

trtyolo_status trtyolo_model_clone(const trtyolo_model* model, trtyolo_model** clone) {
  clear(clone);
  return guarded(__func__, [&] {
    required(model, "model");
    required(clone, "clone");
    *clone = new trtyolo_model{std::move(*model->value.clone())};
  });
}

trtyolo_status trtyolo_model_clone_on(const trtyolo_model* model, int deviceId, trtyolo_model** clone) {
  clear(clone);
  return guarded(__func__, [&] {
    required(model, "model");
    required(clone, "clone");
    *clone = new trtyolo_model{std::move(*model->value.clone(deviceId))};
  });
}

void trtyolo_model_free(trtyolo_model* model) {
  delete model;
}

const trtyolo_info* trtyolo_model_info(const trtyolo_model* model) {
  return model == nullptr ? nullptr : trtyolo::c::handleOf(model->value.info());
}

trtyolo_status trtyolo_model_predict(trtyolo_model* model, const trtyolo_image* images, size_t count,
                                     trtyolo_result** results) {
  return trtyolo::c::predict(model, __func__, images, count, results);
}

trtyolo_status trtyolo_model_set_confidence(trtyolo_model* model, float threshold) {
  return change(model, __func__, [&](Model& value) { value.setConfidence(threshold); });
}

trtyolo_status trtyolo_model_set_iou(trtyolo_model* model, float threshold) {
  return change(model, __func__, [&](Model& value) { value.setIou(threshold); });
}

trtyolo_status trtyolo_model_set_max_detections(trtyolo_model* model, int most) {
  return change(model, __func__, [&](Model& value) { value.setMaxDetections(most); });
}

trtyolo_status trtyolo_model_set_classes(trtyolo_model* model, const int* classes, size_t count) {
  return change(model, __func__,
                [&](Model& value) { value.setClasses(trtyolo::c::listOf(classes, count, "classes")); });
}

trtyolo_status trtyolo_model_set_agnostic(trtyolo_model* model, bool agnostic) {
  return change(model, __func__, [&](Model& value) { value.setAgnostic(agnostic); });
}

trtyolo_status trtyolo_model_set_top_k(trtyolo_model* model, int classes) {
  return change(model, __func__, [&](Model& value) { value.setTopK(classes); });
}

trtyolo_status trtyolo_model_set_retina_masks(trtyolo_model* model, bool retina) {
  return change(model, __func__, [&](Model& value) { value.setRetinaMasks(retina); });
}

trtyolo_task trtyolo_info_task(const trtyolo_info* info) {
  return info == nullptr ? TRTYOLO_CLASSIFY : static_cast<trtyolo_task>(trtyolo::c::infoOf(info)->task);
}

const char* trtyolo_info_file(const trtyolo_info* info) {
  return textOf(info, &ModelInfo::file);
}

const char* trtyolo_info_backend(const trtyolo_info* info) {
  return textOf(info, &ModelInfo::backend);
}

const char* trtyolo_info_device(const trtyolo_info* info) {
  return textOf(info, &ModelInfo::device);
}

const char* trtyolo_info_precision(const trtyolo_info* info) {
  return textOf(info, &ModelInfo::precision);
}

const char* trtyolo_info_family(const trtyolo_info* info) {
  return textOf(info, &ModelInfo::family);
}

const char* trtyolo_info_layout(const trtyolo_info* info) {
  return textOf(info, &ModelInfo::layout);
}

const char* trtyolo_info_head(const trtyolo_info* info) {
  return textOf(info, &ModelInfo::head);
}

const char* trtyolo_info_metadata(const trtyolo_info* info, const char* name) {
  const char* text = nullptr;
  guarded(__func__, [&] {
    if (info != nullptr && name != nullptr) {
      text = trtyolo::c::foundIn<std::string>(trtyolo::c::infoOf(info)->metadata, name);
    }
  });
  return text;
}

size_t trtyolo_info_class_count(const trtyolo_info* info) {
  return info == nullptr ? 0 : trtyolo::c::infoOf(info)->names.size();
}

const char* trtyolo_info_class_name(const trtyolo_info* info, int index) {
  return info == nullptr ? nullptr : trtyolo::c::foundIn(trtyolo::c::infoOf(info)->names.map(), index);
}

trtyolo_size trtyolo_info_network_size(const trtyolo_info* info) {
  return {numberOf(info, &ModelInfo::networkWidth), numberOf(info, &ModelInfo::networkHeight)};
}

int trtyolo_info_stride(const trtyolo_info* info) {
  return numberOf(info, &ModelInfo::stride);
}

int trtyolo_info_batch(const trtyolo_info* info) {
  return numberOf(info, &ModelInfo::batch);
}

int trtyolo_info_keypoints(const trtyolo_info* info) {
  return numberOf(info, &ModelInfo::keypoints);
}

int trtyolo_info_keypoint_dims(const trtyolo_info* info) {
  return numberOf(info, &ModelInfo::keypointDims);
}
