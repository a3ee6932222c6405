// The options of trtyolo.h: each function is the setter of trtyolo::InferOption that has its name.
#include "api/c/handles.hpp"

using trtyolo::InferOption;
using trtyolo::c::change;
using trtyolo::c::required;

trtyolo_status trtyolo_options_new(trtyolo_options** options) {
  trtyolo::c::clear(options);
  return trtyolo::c::guarded(__func__, [&] {
    required(options, "options");
    *options = new trtyolo_options();
  });
}

void trtyolo_options_free(trtyolo_options* options) {
  delete options;
}

trtyolo_status trtyolo_options_enable_swap_rb(trtyolo_options* options) {
  return change(options, __func__, [&](InferOption& option) { option.enableSwapRB(); });
}

trtyolo_status trtyolo_options_set_bgr_network(trtyolo_options* options, bool bgr) {
  return change(options, __func__, [&](InferOption& option) { option.setBgrNetwork(bgr); });
}

trtyolo_status trtyolo_options_set_pixel_scale(trtyolo_options* options, float scale) {
  return change(options, __func__, [&](InferOption& option) { option.setPixelScale(scale); });
}

trtyolo_status trtyolo_options_set_letterbox(trtyolo_options* options, const char* mode) {
  return change(options, __func__,
                [&](InferOption& option) { option.setLetterbox(trtyolo::letterboxModeOf(required(mode, "mode"))); });
}

trtyolo_status trtyolo_options_set_border_value(trtyolo_options* options, float value) {
  return change(options, __func__, [&](InferOption& option) { option.setBorderValue(value); });
}

trtyolo_status trtyolo_options_set_normalize_params(trtyolo_options* options, const float* mean, const float* std) {
  return change(options, __func__, [&](InferOption& option) {
    option.setNormalizeParams(trtyolo::c::listOf(mean, 3, "mean"), trtyolo::c::listOf(std, 3, "std"));
  });
}

trtyolo_status trtyolo_options_set_input_dimensions(trtyolo_options* options, int width, int height) {
  return change(options, __func__, [&](InferOption& option) { option.setInputDimensions(width, height); });
}

trtyolo_status trtyolo_options_set_device_id(trtyolo_options* options, int id) {
  return change(options, __func__, [&](InferOption& option) { option.setDeviceId(id); });
}

trtyolo_status trtyolo_options_enable_cuda_mem(trtyolo_options* options) {
  return change(options, __func__, [&](InferOption& option) { option.enableCudaMem(); });
}

trtyolo_status trtyolo_options_enable_managed_memory(trtyolo_options* options) {
  return change(options, __func__, [&](InferOption& option) { option.enableManagedMemory(); });
}

trtyolo_status trtyolo_options_set_backend(trtyolo_options* options, const char* backend) {
  return change(options, __func__,
                [&](InferOption& option) { option.setBackend(trtyolo::backendOf(required(backend, "backend"))); });
}

trtyolo_status trtyolo_options_set_precision(trtyolo_options* options, const char* precision) {
  return change(options, __func__, [&](InferOption& option) {
    option.setPrecision(trtyolo::precisionOf(required(precision, "precision")));
  });
}

trtyolo_status trtyolo_options_set_plugin_libraries(trtyolo_options* options, const char* const* files, size_t count) {
  return change(options, __func__,
                [&](InferOption& option) { option.setPluginLibraries(trtyolo::c::textsOf(files, count, "files")); });
}

trtyolo_status trtyolo_options_set_streams(trtyolo_options* options, int streams) {
  return change(options, __func__, [&](InferOption& option) { option.setStreams(streams); });
}

trtyolo_status trtyolo_options_set_threads(trtyolo_options* options, int threads) {
  return change(options, __func__, [&](InferOption& option) { option.setThreads(threads); });
}

trtyolo_status trtyolo_options_set_self_test(trtyolo_options* options, const char* mode) {
  return change(options, __func__,
                [&](InferOption& option) { option.setSelfTest(trtyolo::selfTestOf(required(mode, "mode"))); });
}

trtyolo_status trtyolo_options_set_task(trtyolo_options* options, const char* task) {
  return change(options, __func__,
                [&](InferOption& option) { option.setTask(trtyolo::taskOf(required(task, "task"))); });
}

trtyolo_status trtyolo_options_set_names(trtyolo_options* options, const char* const* names, size_t count) {
  return change(options, __func__,
                [&](InferOption& option) { option.setNames(trtyolo::c::textsOf(names, count, "names")); });
}

trtyolo_status trtyolo_options_set_layout(trtyolo_options* options, const char* layout) {
  return change(options, __func__,
                [&](InferOption& option) { option.setLayout(trtyolo::layoutOf(required(layout, "layout"))); });
}

trtyolo_status trtyolo_options_set_family(trtyolo_options* options, const char* family) {
  return change(options, __func__, [&](InferOption& option) { option.setFamily(required(family, "family")); });
}

trtyolo_status trtyolo_options_set_head(trtyolo_options* options, const char* mode) {
  return change(options, __func__,
                [&](InferOption& option) { option.setHead(trtyolo::headModeOf(required(mode, "mode"))); });
}

trtyolo_status trtyolo_options_set_network_size(trtyolo_options* options, int width, int height) {
  return change(options, __func__, [&](InferOption& option) { option.setNetworkSize(width, height); });
}

trtyolo_status trtyolo_options_set_rect(trtyolo_options* options, bool rect) {
  return change(options, __func__, [&](InferOption& option) { option.setRect(rect); });
}

trtyolo_status trtyolo_options_set_batch(trtyolo_options* options, int batch) {
  return change(options, __func__, [&](InferOption& option) { option.setBatch(batch); });
}

trtyolo_status trtyolo_options_set_confidence(trtyolo_options* options, float threshold) {
  return change(options, __func__, [&](InferOption& option) { option.setConfidence(threshold); });
}

trtyolo_status trtyolo_options_set_iou(trtyolo_options* options, float threshold) {
  return change(options, __func__, [&](InferOption& option) { option.setIou(threshold); });
}

trtyolo_status trtyolo_options_set_max_detections(trtyolo_options* options, int most) {
  return change(options, __func__, [&](InferOption& option) { option.setMaxDetections(most); });
}

trtyolo_status trtyolo_options_set_classes(trtyolo_options* options, const int* classes, size_t count) {
  return change(options, __func__,
                [&](InferOption& option) { option.setClasses(trtyolo::c::listOf(classes, count, "classes")); });
}

trtyolo_status trtyolo_options_set_agnostic(trtyolo_options* options, bool agnostic) {
  return change(options, __func__, [&](InferOption& option) { option.setAgnostic(agnostic); });
}

trtyolo_status trtyolo_options_set_top_k(trtyolo_options* options, int classes) {
  return change(options, __func__, [&](InferOption& option) { option.setTopK(classes); });
}

trtyolo_status trtyolo_options_set_retina_masks(trtyolo_options* options, bool retina) {
  return change(options, __func__, [&](InferOption& option) { option.setRetinaMasks(retina); });
}
