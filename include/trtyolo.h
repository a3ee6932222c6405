// trtyolo in C: models of any task, clones, pools. C99; it is in the same library as trtyolo.hpp, and needs no other.
//
//   #include "trtyolo.h"
//
//   trtyolo_model* model = NULL;
//   trtyolo_result* result = NULL;
//   trtyolo_image image = {.pixels = pixels, .width = 1920, .height = 1080};  // RGB, rows without gaps
//   if (trtyolo_model_load("yolo11n.onnx", NULL, &model) || trtyolo_model_predict(model, &image, 1, &result)) {
//     fprintf(stderr, "%s\n", trtyolo_last_error());
//   }
//   for (size_t i = 0; i < trtyolo_result_count(result); ++i) {
//     printf("%s %.2f\n", trtyolo_result_name(result, i), trtyolo_result_scores(result)[i]);
//   }
//   trtyolo_result_free(result);
//   trtyolo_model_free(model);
//
// It is a thin face of trtyolo.hpp, whose items of the same names say more about each. Conventions, unless an item says
// otherwise:
//   - Errors: what can fail returns a trtyolo_status, 0 if it did not; trtyolo_last_error() says why. What a function
//     gives through a pointer is NULL after a failure. No exception leaves a function, and none ends the process. A
//     call that fails leaves its object as it was, and usable.
//   - NULL: a function that returns a status refuses NULL where it needs an object (TRTYOLO_INVALID_ARGUMENT). Others
//     give 0, NULL or false for it, and the functions that free do nothing.
//   - Ownership: what a function gives through a pointer to a pointer is the caller's, who frees it by the function of
//     its type, once, in any order, from any thread. Pointers that functions return belong to the object that was
//     asked, and are valid until it is freed. What a function is given it copies, but for pixels: those are read where
//     they are, until the call returns.
//   - Threads: objects are independent of each other. Functions that take an object as const may be called from any
//     thread, also several at once; others say what they need. Freeing an object that a call is using is an error that
//     nobody detects.
//   - Text is UTF-8 and ends in a NUL; files are named as the system names them.
//   - Pixels are counted in the source image, (0, 0) is its upper left corner, x grows to the right and y down.
//   - Structures that the caller fills are to be set to 0 first, as initializers do: 0 is the usual value of each
//     member, and `reserved` must be 0.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trtyolo/api.hpp"  // which is C, too

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------------------------------------------------------------
// Versions, errors, log

/// Version of this interface. It rises when something is added; nothing is taken away or changed as long as the
/// library's name has the same number (libtrtyolo.so.0.1). A program runs with libraries whose trtyolo_c_version() is
/// at least what it was compiled with.
#define TRTYOLO_C_VERSION 1

/// TRTYOLO_C_VERSION of the library.
TRTYOLO_API int trtyolo_c_version(void);

/// "trtyolo 0.1.0": the library's own version. Never freed.
TRTYOLO_API const char* trtyolo_version(void);

/// How many GPUs models can run on, numbered from 0. None without a driver, and in builds for CPUs.
TRTYOLO_API int trtyolo_gpu_count(void);

/// What became of a call. More may be added: take what is not known here for TRTYOLO_ERROR.
typedef enum trtyolo_status {
  TRTYOLO_OK = 0,                ///< it did what it says
  TRTYOLO_ERROR = 1,             ///< it failed, for none of the following reasons
  TRTYOLO_INVALID_ARGUMENT = 2,  ///< an argument, an option or an image makes no sense
  TRTYOLO_OUT_OF_MEMORY = 3,     ///< there is not so much memory
  TRTYOLO_MODEL_ERROR = 4,       ///< a model file cannot be read, is no model, or has outputs that are not understood
  TRTYOLO_BUSY = 5,              ///< two threads were in one model at once: this is the second. Give each its own clone
  TRTYOLO_INFERENCE_ERROR = 6,   ///< the backend failed while it ran the network
  TRTYOLO_DEVICE_ERROR = 7,      ///< a GPU is missing, has no memory left, or failed
  TRTYOLO_QUEUE_FULL = 8,        ///< the queue of a pool is full, and the image is not to wait
  TRTYOLO_DEADLINE = 9,          ///< the time of an image was over before its run began; it was not run
  TRTYOLO_CANCELLED = 10,        ///< an image was cancelled while it waited in a pool; it was not run
  TRTYOLO_CLOSED = 11            ///< a pool is closed, or was while the image waited; it was not run
} trtyolo_status;

/// What the last call of this thread that failed says of it: what was looked at, expected and found. Empty if none has;
/// never NULL. Valid until another call of this thread fails.
TRTYOLO_API const char* trtyolo_last_error(void);

/// How much a message of the log matters.
typedef enum trtyolo_log_level {
  TRTYOLO_LOG_DEBUG = 0,    ///< for those who look for a fault
  TRTYOLO_LOG_INFO = 1,     ///< what takes long or happens once: an engine is being built, for example
  TRTYOLO_LOG_WARNING = 2,  ///< the library goes on, but somebody may want to know
  TRTYOLO_LOG_ERROR = 3     ///< errors of TensorRT; the call that fails because of one says the same
} trtyolo_log_level;

/// Called with a message of the log, without a line end, valid during the call. Called by any thread, also by several
/// at the same time. It must not use the library, and throw no exception.
typedef void (*trtyolo_log_callback)(trtyolo_log_level level, const char* text);

/// From now on messages of the whole process go to `call`; with NULL, as in the beginning, to nobody: the library
/// itself writes neither to standard output nor to standard error. Replaces what trtyolo::setLog() has set. Any thread,
/// at any time; the function must stay, since a thread may still be in it when this returns.
TRTYOLO_API void trtyolo_set_log(trtyolo_log_callback call);

/// Frees a text that a function gave through a `char**`.
TRTYOLO_API void trtyolo_string_free(char* text);

// ---------------------------------------------------------------------------------------------------------------------
// Images

/// How the pixels of an image lie in memory.
typedef enum trtyolo_pixel_format {
  TRTYOLO_INTERLEAVED = 0,  ///< 8 bits a channel, 1, 3 or 4 channels side by side
  TRTYOLO_NV12 = 1,         ///< YUV 4:2:0: a plane of Y, a plane of pairs U, V
  TRTYOLO_I420 = 2,         ///< YUV 4:2:0: planes of Y, of U and of V (FFmpeg's yuv420p)
  TRTYOLO_YUYV = 3,         ///< YUV 4:2:2 in one plane: Y, U, Y, V for two pixels; the width is even
  TRTYOLO_GRAY16 = 4        ///< one channel of 16 bits, lowest byte first
} trtyolo_pixel_format;

/// By which standard colours became YUV.
typedef enum trtyolo_color_matrix {
  TRTYOLO_BT601 = 0,  ///< video of up to 576 lines, mostly; JPEG
  TRTYOLO_BT709 = 1   ///< HD video
} trtyolo_color_matrix;

/// The values of YUV.
typedef enum trtyolo_color_range {
  TRTYOLO_LIMITED = 0,  ///< Y from 16 to 235, U and V from 16 to 240, as in video
  TRTYOLO_FULL = 1      ///< 0 to 255, as in JPEG
} trtyolo_color_range;

/// Where the pixels of an image are.
typedef enum trtyolo_image_memory {
  TRTYOLO_MEMORY_AS_OPTION = 0,  ///< in host memory or, after trtyolo_options_enable_cuda_mem(), in that of the GPU
  TRTYOLO_MEMORY_HOST = 1,       ///< in host memory
  TRTYOLO_MEMORY_DEVICE = 2      ///< in the memory of the model's GPU; what writes them must have been waited for
} trtyolo_image_memory;

/// A rectangle in an image, turned about its centre, of which a model is given `width` x `height` pixels as if they lay
/// upright; see trtyolo::RotatedPart.
typedef struct trtyolo_rotated_part {
  double x;      ///< its centre, pixels
  double y;      ///< likewise
  int width;     ///< pixels along its sides, at most 1048576 each and 2^30 in all; 0: no part
  int height;    ///< likewise
  double theta;  ///< radians, clockwise as one looks at the image
} trtyolo_rotated_part;

/// A view of an image that somebody else owns; rows lie `pitch` bytes apart. Pixels are never written to, no pointer or
/// pitch needs an alignment, and all planes are in the same memory. Interleaved colours are RGB, or BGR after
/// trtyolo_options_enable_swap_rb(); a fourth channel is ignored, one channel is grey. YUV and Gray16 are converted
/// where pixels are read, as trtyolo::Image says.
typedef struct trtyolo_image {
  const void* pixels;         ///< first byte of the first row; of NV12 and I420: of the plane of Y
  int width;                  ///< pixels in a row, 1 to 1048576
  int height;                 ///< rows, 1 to 1048576
  int channels;               ///< of interleaved images: 1, 3 or 4; 0: 3
  int format;                 ///< a trtyolo_pixel_format
  size_t pitch;               ///< bytes from the start of a row to that of the next; 0: rows without gaps
  const void* chroma[2];      ///< NV12: the plane of U and V, nothing; I420: the plane of U, the plane of V. Each has
                              ///< (width + 1) / 2 samples a row, and (height + 1) / 2 rows
  size_t chroma_pitch;        ///< of each of these planes; 0: rows without gaps
  int matrix;                 ///< of YUV: a trtyolo_color_matrix
  int range;                  ///< of YUV: a trtyolo_color_range
  int low;                    ///< of Gray16: the value that becomes 0
  int high;                   ///< of Gray16: the value that becomes 255, above `low`; 0: 65535
  int memory;                 ///< a trtyolo_image_memory: where all planes are
  trtyolo_rotated_part part;  ///< what a model sees of the image; without a part all of it
  uint64_t reserved[4];       ///< 0
} trtyolo_image;

/// Width and height in pixels.
typedef struct trtyolo_size {
  int width;   ///< pixels of a row
  int height;  ///< rows
} trtyolo_size;

// ---------------------------------------------------------------------------------------------------------------------
// Options

/// How a model is loaded and run: trtyolo::InferOption. Changing it is for one thread at a time; loading copies it.
typedef struct trtyolo_options trtyolo_options;

/// Options with their usual values.
TRTYOLO_API trtyolo_status trtyolo_options_new(trtyolo_options** options);
/// Frees options.
TRTYOLO_API void trtyolo_options_free(trtyolo_options* options);

// What makes no sense is refused, TRTYOLO_INVALID_ARGUMENT, and changes nothing.

/// Says that images are BGR, as OpenCV's are, not RGB. Off by default.
TRTYOLO_API trtyolo_status trtyolo_options_enable_swap_rb(trtyolo_options* options);
/// Says that the network takes BGR, whatever images are. By default what its family takes.
TRTYOLO_API trtyolo_status trtyolo_options_set_bgr_network(trtyolo_options* options, bool bgr);
/// Value of the brightest pixel in the network's input, above 0: 1 for most, 255 for YOLOX. By default its family's.
TRTYOLO_API trtyolo_status trtyolo_options_set_pixel_scale(trtyolo_options* options, float scale);
/// Where images lie in the network's input: "auto" (the default), "center", "topleft" or "stretch".
TRTYOLO_API trtyolo_status trtyolo_options_set_letterbox(trtyolo_options* options, const char* mode);
/// Letterbox fill, 0 to 255; by default what the family takes, 114 for most.
TRTYOLO_API trtyolo_status trtyolo_options_set_border_value(trtyolo_options* options, float value);
/// Normalisation after the division by 255, three values each, in the order of the network's channels:
/// (x / 255 - mean) / std, `std` without zeros. By default what the family takes, 0 and 1 for most.
TRTYOLO_API trtyolo_status trtyolo_options_set_normalize_params(trtyolo_options* options, const float* mean,
                                                                const float* std);
/// Says that every image will be of this size, in pixels; others are then refused. By default any size is taken.
TRTYOLO_API trtyolo_status trtyolo_options_set_input_dimensions(trtyolo_options* options, int width, int height);
/// GPU ordinal, 0 by default. Without effect on a CPU.
TRTYOLO_API trtyolo_status trtyolo_options_set_device_id(trtyolo_options* options, int id);
/// Images are in the memory of the model's GPU, and complete when they are predicted.
TRTYOLO_API trtyolo_status trtyolo_options_enable_cuda_mem(trtyolo_options* options);
/// Unified-memory buffers on a GPU; without effect on a CPU.
TRTYOLO_API trtyolo_status trtyolo_options_enable_managed_memory(trtyolo_options* options);
/// What runs the network: "auto" (the default: by the file and the machine), "openvino" or "tensorrt".
TRTYOLO_API trtyolo_status trtyolo_options_set_backend(trtyolo_options* options, const char* backend);
/// Arithmetic of the network: "f32" (the default, exact), "f16", "bf16" or "auto".
TRTYOLO_API trtyolo_status trtyolo_options_set_precision(trtyolo_options* options, const char* precision);
/// Shared libraries with TensorRT plugins that an engine needs, `count` of them, loaded in this order. They run their
/// own code: load none that you do not trust.
TRTYOLO_API trtyolo_status trtyolo_options_set_plugin_libraries(trtyolo_options* options, const char* const* files,
                                                                size_t count);
/// How many predictions the engine runs side by side on a CPU: 1 (the default) for the lowest latency, N to let N
/// clones run at once, 0 for what suits the machine.
TRTYOLO_API trtyolo_status trtyolo_options_set_streams(trtyolo_options* options, int streams);
/// How many threads the engine may use on a CPU, all its streams together; 0, the default: one a core.
TRTYOLO_API trtyolo_status trtyolo_options_set_threads(trtyolo_options* options, int threads);
/// What becomes of the self-test that the file holds: "off", "warn" (the default: the log says that it fails) or
/// "refuse" (a file that fails is not loaded).
TRTYOLO_API trtyolo_status trtyolo_options_set_self_test(trtyolo_options* options, const char* mode);
/// Task of a model whose file does not name it: "classify", "detect", "obb", "segment", "pose", "semantic" or "depth".
TRTYOLO_API trtyolo_status trtyolo_options_set_task(trtyolo_options* options, const char* task);
/// Class names, `count` of them in the order of their indices, in place of the file's.
TRTYOLO_API trtyolo_status trtyolo_options_set_names(trtyolo_options* options, const char* const* names, size_t count);
/// Layout of the output where the file does not tell it: "auto" (the default), "class_scores", "objectness" or
/// "end_to_end".
TRTYOLO_API trtyolo_status trtyolo_options_set_layout(trtyolo_options* options, const char* layout);
/// Whose file it is, where the file does not tell: "ultralytics", "yolov5", "yolox", "rfdetr", ...
TRTYOLO_API trtyolo_status trtyolo_options_set_family(trtyolo_options* options, const char* family);
/// Whether the network's head is cut off and computed here: "auto" (the default: where it can be), "whole" or "cut".
TRTYOLO_API trtyolo_status trtyolo_options_set_head(trtyolo_options* options, const char* mode);
/// Network input of models with dynamic sizes, in pixels, both multiples of the model's stride.
TRTYOLO_API trtyolo_status trtyolo_options_set_network_size(trtyolo_options* options, int width, int height);
/// Of models with dynamic sizes: letterbox each image into the smallest rectangle that holds it (on by default).
TRTYOLO_API trtyolo_status trtyolo_options_set_rect(trtyolo_options* options, bool rect);
/// Most images in one run of the network, of models with a dynamic batch; 1 by default.
TRTYOLO_API trtyolo_status trtyolo_options_set_batch(trtyolo_options* options, int batch);
/// First value of trtyolo_model_set_confidence().
TRTYOLO_API trtyolo_status trtyolo_options_set_confidence(trtyolo_options* options, float threshold);
/// First value of trtyolo_model_set_iou().
TRTYOLO_API trtyolo_status trtyolo_options_set_iou(trtyolo_options* options, float threshold);
/// First value of trtyolo_model_set_max_detections().
TRTYOLO_API trtyolo_status trtyolo_options_set_max_detections(trtyolo_options* options, int most);
/// First value of trtyolo_model_set_classes().
TRTYOLO_API trtyolo_status trtyolo_options_set_classes(trtyolo_options* options, const int* classes, size_t count);
/// First value of trtyolo_model_set_agnostic().
TRTYOLO_API trtyolo_status trtyolo_options_set_agnostic(trtyolo_options* options, bool agnostic);
/// First value of trtyolo_model_set_top_k().
TRTYOLO_API trtyolo_status trtyolo_options_set_top_k(trtyolo_options* options, int classes);
/// First value of trtyolo_model_set_retina_masks().
TRTYOLO_API trtyolo_status trtyolo_options_set_retina_masks(trtyolo_options* options, bool retina);

// ---------------------------------------------------------------------------------------------------------------------
// What is known of a model

/// What a network is for.
typedef enum trtyolo_task {
  TRTYOLO_CLASSIFY = 0,  ///< says what an image shows
  TRTYOLO_DETECT = 1,    ///< finds objects and their axis-aligned boxes
  TRTYOLO_OBB = 2,       ///< finds objects and their rotated boxes
  TRTYOLO_SEGMENT = 3,   ///< finds objects, their boxes and their masks
  TRTYOLO_POSE = 4,      ///< finds objects, their boxes and their keypoints
  TRTYOLO_SEMANTIC = 5,  ///< says of each pixel which class it belongs to
  TRTYOLO_DEPTH = 6      ///< says of each pixel how far away it is
} trtyolo_task;

/// What is known of a model: trtyolo::ModelInfo. It belongs to the model or pool that was asked for it.
typedef struct trtyolo_info trtyolo_info;

/// What the network is for.
TRTYOLO_API trtyolo_task trtyolo_info_task(const trtyolo_info* info);
/// The file, as it was named.
TRTYOLO_API const char* trtyolo_info_file(const trtyolo_info* info);
/// "openvino" or "tensorrt".
TRTYOLO_API const char* trtyolo_info_backend(const trtyolo_info* info);
/// Full name of the processor, or of the GPU with its number.
TRTYOLO_API const char* trtyolo_info_device(const trtyolo_info* info);
/// Arithmetic that was asked for: "f32", "f16", "bf16" or "auto".
TRTYOLO_API const char* trtyolo_info_precision(const trtyolo_info* info);
/// Whose conventions are followed: "ultralytics", "yolox", ...
TRTYOLO_API const char* trtyolo_info_family(const trtyolo_info* info);
/// How the outputs are read, in words.
TRTYOLO_API const char* trtyolo_info_layout(const trtyolo_info* info);
/// How much of the network runs, in words.
TRTYOLO_API const char* trtyolo_info_head(const trtyolo_info* info);
/// What the file says of itself under this name ("date", "license", ...); NULL if it says nothing.
TRTYOLO_API const char* trtyolo_info_metadata(const trtyolo_info* info, const char* name);
/// How many classes there are; 0 if that is not known.
TRTYOLO_API size_t trtyolo_info_class_count(const trtyolo_info* info);
/// The name of a class; NULL if it has none.
TRTYOLO_API const char* trtyolo_info_class_name(const trtyolo_info* info, int index);
/// Pixels of the network's input; the largest, of models with dynamic sizes.
TRTYOLO_API trtyolo_size trtyolo_info_network_size(const trtyolo_info* info);
/// Coarsest stride, pixels.
TRTYOLO_API int trtyolo_info_stride(const trtyolo_info* info);
/// Most images in one run of the network.
TRTYOLO_API int trtyolo_info_batch(const trtyolo_info* info);
/// Points of an object, of pose estimators.
TRTYOLO_API int trtyolo_info_keypoints(const trtyolo_info* info);
/// What the network says of a point: 2 values (x, y) or 3 (x, y, confidence).
TRTYOLO_API int trtyolo_info_keypoint_dims(const trtyolo_info* info);

// ---------------------------------------------------------------------------------------------------------------------
// Results

/// What a model found in one image: trtyolo::Result. It never changes, and outlives its model if need be.
typedef struct trtyolo_result trtyolo_result;

/// An axis-aligned box, clipped to the image.
typedef struct trtyolo_box {
  float left;    ///< pixels
  float top;     ///< pixels
  float right;   ///< pixels
  float bottom;  ///< pixels
} trtyolo_box;

/// A box turned about its centre; the four sides are those before it is turned. It is not clipped to the image.
typedef struct trtyolo_rotated_box {
  float left;    ///< pixels
  float top;     ///< pixels
  float right;   ///< pixels
  float bottom;  ///< pixels
  float theta;   ///< radians, clockwise as one looks at the image
} trtyolo_rotated_box;

/// A point of an object, clipped to the image.
typedef struct trtyolo_keypoint {
  float x;     ///< pixels
  float y;     ///< pixels
  float conf;  ///< confidence that it is visible, 0 to 1; 1 from networks that do not say
} trtyolo_keypoint;

/// The pixels `begin` to `end` - 1 of a mask, numbered row after row: pixel (x, y) is number y * width + x.
typedef struct trtyolo_run {
  uint32_t begin;  ///< number of its first pixel
  uint32_t end;    ///< number of the pixel behind its last one, in the same row
} trtyolo_run;

/// The class of each pixel of the source image.
typedef struct trtyolo_class_map {
  const uint16_t*
      data;       ///< row after row, `width * height` of them: a class, or `none`. NULL: the task has no such map
  int width;      ///< pixels
  int height;     ///< pixels
  uint16_t none;  ///< what pixels have whose class trtyolo_model_set_classes() leaves out
  bool binary;    ///< whether the network has one class only: pixels have 1 where it is, and 0 elsewhere
} trtyolo_class_map;

/// How far away each pixel of the source image is.
typedef struct trtyolo_depth_map {
  const float* data;  ///< row after row, `width * height` of them, in metres. NULL: the task has no such map
  int width;          ///< pixels
  int height;         ///< pixels
} trtyolo_depth_map;

/// How long the steps of a prediction took, in milliseconds. Of an image that shared its run with others: its share.
typedef struct trtyolo_times {
  double preprocess;   ///< images into the network's input
  double inference;    ///< the network; on a GPU everything
  double postprocess;  ///< from the network's outputs to results
} trtyolo_times;

/// Frees a result.
TRTYOLO_API void trtyolo_result_free(trtyolo_result* result);

/// Says which parts there are: boxes of TRTYOLO_DETECT, TRTYOLO_SEGMENT and TRTYOLO_POSE, and so on.
TRTYOLO_API trtyolo_task trtyolo_result_task(const trtyolo_result* result);
/// Number of objects, in the order of falling scores. Of a classifier they are its best classes; of a semantic
/// segmenter the classes that any pixel has; a depth estimator has none.
TRTYOLO_API size_t trtyolo_result_count(const trtyolo_result* result);
/// Pixels of the source image.
TRTYOLO_API trtyolo_size trtyolo_result_image_size(const trtyolo_result* result);
/// How long the prediction took.
TRTYOLO_API trtyolo_times trtyolo_result_times(const trtyolo_result* result);
/// Class index of each object.
TRTYOLO_API const int* trtyolo_result_classes(const trtyolo_result* result);
/// Confidence of each object, 0 to 1; of a semantic segmenter each class's share of the pixels.
TRTYOLO_API const float* trtyolo_result_scores(const trtyolo_result* result);
/// Class name of object `i`, its index as text where there is no name; NULL if there is no such object.
TRTYOLO_API const char* trtyolo_result_name(const trtyolo_result* result, size_t i);
/// The box of each object; NULL if the task has none.
TRTYOLO_API const trtyolo_box* trtyolo_result_boxes(const trtyolo_result* result);
/// The rotated box of each object; NULL if the task has none.
TRTYOLO_API const trtyolo_rotated_box* trtyolo_result_rotated_boxes(const trtyolo_result* result);
/// The keypoints of object `i`; NULL if the task has none or there is no such object. `count`, unless it is NULL, gets
/// how many there are.
TRTYOLO_API const trtyolo_keypoint* trtyolo_result_keypoints(const trtyolo_result* result, size_t i, size_t* count);
/// Pixels of each mask: those of the source image or, with trtyolo_model_set_retina_masks(false), of the network's
/// input; 0 x 0 if the task has none.
TRTYOLO_API trtyolo_size trtyolo_result_mask_size(const trtyolo_result* result);
/// The runs of pixels inside the mask of object `i`, in rising order; NULL if the task has none or there is no such
/// object. `count`, unless it is NULL, gets how many there are.
TRTYOLO_API const trtyolo_run* trtyolo_result_mask_runs(const trtyolo_result* result, size_t i, size_t* count);
/// Writes the mask of object `i`, a byte for each pixel, row after row: 1 inside the object, 0 outside. `size`: bytes
/// of `pixels`, at least width * height of trtyolo_result_mask_size().
TRTYOLO_API trtyolo_status trtyolo_result_mask(const trtyolo_result* result, size_t i, uint8_t* pixels, size_t size);
/// The class of each pixel, of a semantic segmenter.
TRTYOLO_API trtyolo_class_map trtyolo_result_semantic(const trtyolo_result* result);
/// How many pixels of that map each of trtyolo_result_classes() has; NULL if the task has none.
TRTYOLO_API const size_t* trtyolo_result_pixels(const trtyolo_result* result);
/// The distance of each pixel, of a depth estimator.
TRTYOLO_API trtyolo_depth_map trtyolo_result_depth(const trtyolo_result* result);
/// The objects as one JSON object on one line, as `trtyolo predict --json` writes them: see trtyolo::Result::toJson().
TRTYOLO_API trtyolo_status trtyolo_result_json(const trtyolo_result* result, char** text);

// ---------------------------------------------------------------------------------------------------------------------
// Models

/// A loaded network of any task: trtyolo::Model. It has an execution context of its own and a share of the engine,
/// which holds the weights; the engine goes with the last model or clone that shares it.
typedef struct trtyolo_model trtyolo_model;

/// Loads `file`: ONNX (.onnx), OpenVINO IR (.xml beside its .bin) or a TensorRT engine (.engine). `options` may be
/// NULL. TRTYOLO_MODEL_ERROR: missing, damaged, or with outputs that are not understood; TRTYOLO_DEVICE_ERROR: the GPU
/// that is asked for cannot be used; TRTYOLO_INVALID_ARGUMENT: an option makes no sense for this model.
TRTYOLO_API trtyolo_status trtyolo_model_load(const char* file, const trtyolo_options* options, trtyolo_model** model);
/// A model on the same engine with a context and thresholds of its own: for another thread. Cheap; any depth: a clone
/// can be cloned, and outlives its parent.
TRTYOLO_API trtyolo_status trtyolo_model_clone(const trtyolo_model* model, trtyolo_model** clone);
/// A clone on another GPU; the first one there loads the engine from the model's file. TRTYOLO_DEVICE_ERROR: the model
/// runs on the CPU, or there is no such GPU, or no memory on it; TRTYOLO_MODEL_ERROR: the file was changed since.
TRTYOLO_API trtyolo_status trtyolo_model_clone_on(const trtyolo_model* model, int device_id, trtyolo_model** clone);
/// Frees a model. Its clones and results stay.
TRTYOLO_API void trtyolo_model_free(trtyolo_model* model);

/// What is known of it.
TRTYOLO_API const trtyolo_info* trtyolo_model_info(const trtyolo_model* model);

/// What is in `count` images of any sizes: results[i], the caller's, is what is in images[i]. All images are checked
/// before the first is run; it is all of them or none. One thread at a time: a second one gets TRTYOLO_BUSY, and the
/// first is not disturbed. TRTYOLO_INVALID_ARGUMENT: an image is not what trtyolo_image says it must be.
TRTYOLO_API trtyolo_status trtyolo_model_predict(trtyolo_model* model, const trtyolo_image* images, size_t count,
                                                 trtyolo_result** results);

// Thresholds, for images that are predicted from then on. Any thread, at any time.

/// Objects must score more than this, 0 to 1; 0.25 by default.
TRTYOLO_API trtyolo_status trtyolo_model_set_confidence(trtyolo_model* model, float threshold);
/// Of two boxes of a class that overlap by more than this, the one with the lower score is dropped, 0 to 1; 0.7 by
/// default.
TRTYOLO_API trtyolo_status trtyolo_model_set_iou(trtyolo_model* model, float threshold);
/// Most objects of an image, at least 1; 300 by default.
TRTYOLO_API trtyolo_status trtyolo_model_set_max_detections(trtyolo_model* model, int most);
/// Keeps only these classes, `count` of them; none, the default, keeps all. `classes` may be NULL if there are none.
TRTYOLO_API trtyolo_status trtyolo_model_set_classes(trtyolo_model* model, const int* classes, size_t count);
/// Whether boxes of different classes suppress each other, too. Off by default.
TRTYOLO_API trtyolo_status trtyolo_model_set_agnostic(trtyolo_model* model, bool agnostic);
/// How many classes a classifier gives, at least 1; 5 by default.
TRTYOLO_API trtyolo_status trtyolo_model_set_top_k(trtyolo_model* model, int classes);
/// Whether masks have the size of the source image (on, the default) or of the network's input.
TRTYOLO_API trtyolo_status trtyolo_model_set_retina_masks(trtyolo_model* model, bool retina);

// ---------------------------------------------------------------------------------------------------------------------
// Pools

/// How a pool works: trtyolo::PoolOption. Changing it is for one thread at a time; making a pool copies it, and refuses
/// what makes no sense.
typedef struct trtyolo_pool_options trtyolo_pool_options;

/// Options with their usual values.
TRTYOLO_API trtyolo_status trtyolo_pool_options_new(trtyolo_pool_options** options);
/// Frees options.
TRTYOLO_API void trtyolo_pool_options_free(trtyolo_pool_options* options);
/// Runs at the same time, on each device; 0, the default: what keeps the machine busy.
TRTYOLO_API trtyolo_status trtyolo_pool_options_set_contexts(trtyolo_pool_options* options, int contexts);
/// Most images in one run; 0, the default: the model's batch.
TRTYOLO_API trtyolo_status trtyolo_pool_options_set_max_batch_size(trtyolo_pool_options* options, int size);
/// How long an image may wait for others to share its run with while other runs are at work; 2 ms by default.
TRTYOLO_API trtyolo_status trtyolo_pool_options_set_max_queue_delay(trtyolo_pool_options* options, double milliseconds);
/// Most images that wait in the queue; 0, the default: four runs for each context, but at least 64.
TRTYOLO_API trtyolo_status trtyolo_pool_options_set_queue_length(trtyolo_pool_options* options, size_t length);
/// Whether an image that finds the queue full is refused, TRTYOLO_QUEUE_FULL. By default its caller waits.
TRTYOLO_API trtyolo_status trtyolo_pool_options_set_reject(trtyolo_pool_options* options, bool reject);
/// GPUs that the pool runs images on, `count` ordinals; each gets an engine and contexts of its own. By default that of
/// the model alone.
TRTYOLO_API trtyolo_status trtyolo_pool_options_set_devices(trtyolo_pool_options* options, const int* ids,
                                                            size_t count);
/// All GPUs of the machine; for a model on the CPU that is the CPU.
TRTYOLO_API trtyolo_status trtyolo_pool_options_set_all_devices(trtyolo_pool_options* options);

/// A queue in front of several contexts of one model, for many callers: trtyolo::Pool. Images that arrive while the
/// network runs share its next run. Everything may be called from any thread at any time, but freeing, which no call
/// may follow.
typedef struct trtyolo_pool trtyolo_pool;

/// A pool of a model, with the thresholds that it has now. It shares the model's engine, and does not need the model
/// any more. `options` may be NULL. TRTYOLO_INVALID_ARGUMENT: an option makes no sense for this model.
TRTYOLO_API trtyolo_status trtyolo_pool_new(const trtyolo_model* model, const trtyolo_pool_options* options,
                                            trtyolo_pool** pool);
/// A pool of a model that is loaded from `file`; unless `options` say how many, with as many streams on a CPU as suit
/// the machine. `options` and `pool_options` may be NULL. Fails as trtyolo_model_load() and trtyolo_pool_new() do.
TRTYOLO_API trtyolo_status trtyolo_pool_load(const char* file, const trtyolo_options* options,
                                             const trtyolo_pool_options* pool_options, trtyolo_pool** pool);
/// Closes a pool as trtyolo_pool_close(pool, false) does, and frees it. Not from a callback of its own.
TRTYOLO_API void trtyolo_pool_free(trtyolo_pool* pool);

/// What is known of its model.
TRTYOLO_API const trtyolo_info* trtyolo_pool_info(const trtyolo_pool* pool);
/// Runs at the same time, on all devices together.
TRTYOLO_API int trtyolo_pool_contexts(const trtyolo_pool* pool);
/// How many images of one caller keep the pool busy.
TRTYOLO_API size_t trtyolo_pool_in_flight(const trtyolo_pool* pool);
/// What the pool has done and is doing, in Prometheus' text format, with the label pool="`name`".
TRTYOLO_API trtyolo_status trtyolo_pool_metrics(const trtyolo_pool* pool, const char* name, char** text);

/// As trtyolo_model_predict(), from any thread. If an image fails, those that were not run yet are cancelled. Also
/// TRTYOLO_QUEUE_FULL, TRTYOLO_CLOSED: they were not run.
TRTYOLO_API trtyolo_status trtyolo_pool_predict(trtyolo_pool* pool, const trtyolo_image* images, size_t count,
                                                trtyolo_result** results);

/// What happens if an image that is submitted finds the queue full.
typedef enum trtyolo_when_full {
  TRTYOLO_FULL_AS_POOL = 0,  ///< what trtyolo_pool_options_set_reject() says
  TRTYOLO_FULL_BLOCK = 1,    ///< the caller waits
  TRTYOLO_FULL_REJECT = 2    ///< the caller gets TRTYOLO_QUEUE_FULL
} trtyolo_when_full;

/// Called when an image is done: with its result, which is the caller's, or with what trtyolo_model_predict() would
/// have said (`result` is NULL then; `message`, as of trtyolo_last_error(), is valid during the call). By a thread of
/// the pool, which calls one callback at a time, in the order in which images are done. It may use the pool.
typedef void (*trtyolo_done_callback)(void* data, trtyolo_status status, const char* message, trtyolo_result* result);

/// Called when a pool has read the pixels of an image, which may go now. By any thread, once.
typedef void (*trtyolo_release_callback)(void* data);

/// How one image is to be treated.
typedef struct trtyolo_submission {
  double timeout_ms;                 ///< if its run has not begun by then it is not run, TRTYOLO_DEADLINE; 0: no matter
  int when_full;                     ///< a trtyolo_when_full
  trtyolo_done_callback done;        ///< gets the result in place of the ticket; NULL: nobody
  void* done_data;                   ///< what `done` is called with
  trtyolo_release_callback release;  ///< is told when the pixels may go; NULL: nobody
  void* release_data;                ///< what `release` is called with
  uint64_t reserved[4];              ///< 0
} trtyolo_submission;

/// Stands for the result of an image that was submitted to a pool. It may outlive the pool, which leaves no ticket
/// unready; freeing it does not cancel its image. Any thread may ask it; getting the result is for one of them.
typedef struct trtyolo_ticket trtyolo_ticket;

/// Puts an image into the queue and returns. The image's pixels must stay until its ticket is ready or `release` was
/// called: once, whatever this returns, and maybe before it does. `done` is called once if this succeeds, otherwise
/// not. `how` may be NULL; `ticket` may be NULL if `how` has `done`. TRTYOLO_INVALID_ARGUMENT: the image is not what
/// trtyolo_image says it must be; TRTYOLO_QUEUE_FULL, TRTYOLO_CLOSED: it was not accepted.
TRTYOLO_API trtyolo_status trtyolo_pool_submit(trtyolo_pool* pool, const trtyolo_image* image,
                                               const trtyolo_submission* how, trtyolo_ticket** ticket);
/// Accepts no more images, runs those that wait or, if `drop`, ends them (TRTYOLO_CLOSED), and returns when all tickets
/// are ready and all callbacks have returned (called from a callback: all others before it). Closing again is allowed.
TRTYOLO_API trtyolo_status trtyolo_pool_close(trtyolo_pool* pool, bool drop);

/// Waits until the ticket is ready, for at most so many milliseconds (less than 0: for ever), and says whether it is.
TRTYOLO_API bool trtyolo_ticket_wait(const trtyolo_ticket* ticket, double milliseconds);
/// Takes the image out of the queue: the ticket is ready then, with TRTYOLO_CANCELLED. False, and without effect, if
/// its run has begun or it is ready.
TRTYOLO_API bool trtyolo_ticket_cancel(trtyolo_ticket* ticket);
/// Waits for the result, and gives it; once, and not if the image has `done`. Fails as the image did: as
/// trtyolo_model_predict(), or TRTYOLO_DEADLINE, TRTYOLO_CANCELLED, TRTYOLO_CLOSED.
TRTYOLO_API trtyolo_status trtyolo_ticket_get(trtyolo_ticket* ticket, trtyolo_result** result);
/// Frees a ticket.
TRTYOLO_API void trtyolo_ticket_free(trtyolo_ticket* ticket);

#ifdef __cplusplus
}
#endif
