/* trtyolo.h in use by C: what each function says of what it is given. */
#define _POSIX_C_SOURCE 200809L /* threads, semaphores */

#include "checks.h"

#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_OF(x) #x
#define LINE_OF(x) TEXT_OF(x)
#define CHECK(condition)                                     \
  do {                                                       \
    if (!(condition)) {                                      \
      return __FILE__ ":" LINE_OF(__LINE__) ": " #condition; \
    }                                                        \
  } while (0)
/* That a call fails with `status`, and that its message has `words` in it. */
#define CHECK_FAILS(status, words, call)                                                     \
  do {                                                                                       \
    CHECK((call) == (status));                                                               \
    if (!strstr(trtyolo_last_error(), words)) {                                              \
      fprintf(stderr, "expected '%s' in: %s\n", words, trtyolo_last_error());                \
      return __FILE__ ":" LINE_OF(__LINE__) ": " #call " has another message than expected"; \
    }                                                                                        \
  } while (0)

/* ----- Results as text */

struct text {
  char* begin;
  size_t length, room;
};

static void add(struct text* text, const char* format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length < 0 || (size_t)length >= sizeof line) {
    abort();
  }
  if (text->length + (size_t)length + 1 > text->room) {
    text->room = 2 * text->room + sizeof line;
    text->begin = realloc(text->begin, text->room);
  }
  memcpy(text->begin + text->length, line, (size_t)length + 1);
  text->length += (size_t)length;
}

static void add_object(struct text* text, const trtyolo_result* result, size_t i) {
  const trtyolo_box* boxes = trtyolo_result_boxes(result);
  const trtyolo_rotated_box* rotated = trtyolo_result_rotated_boxes(result);
  size_t points = 0, runs = 0;
  const trtyolo_keypoint* keypoints = trtyolo_result_keypoints(result, i, &points);
  const trtyolo_run* run = trtyolo_result_mask_runs(result, i, &runs);
  add(text, "%d %s %a", trtyolo_result_classes(result)[i], trtyolo_result_name(result, i),
      trtyolo_result_scores(result)[i]);
  if (boxes) {
    add(text, " box %a %a %a %a", boxes[i].left, boxes[i].top, boxes[i].right, boxes[i].bottom);
  }
  if (rotated) {
    add(text, " rotated %a %a %a %a %a", rotated[i].left, rotated[i].top, rotated[i].right, rotated[i].bottom,
        rotated[i].theta);
  }
  for (size_t k = 0; k < points; ++k) {
    add(text, " point %a %a %a", keypoints[k].x, keypoints[k].y, keypoints[k].conf);
  }
  for (size_t k = 0; k < runs; ++k) {
    add(text, " %u-%u", (unsigned)run[k].begin, (unsigned)run[k].end);
  }
  if (trtyolo_result_pixels(result)) {
    add(text, " pixels %zu", trtyolo_result_pixels(result)[i]);
  }
  add(text, "\n");
}

char* text_of_result(const trtyolo_result* result) {
  struct text text = {NULL, 0, 0};
  const trtyolo_size image = trtyolo_result_image_size(result);
  const trtyolo_size mask = trtyolo_result_mask_size(result);
  const trtyolo_class_map semantic = trtyolo_result_semantic(result);
  const trtyolo_depth_map depth = trtyolo_result_depth(result);
  add(&text, "task %d of %d x %d: %zu objects\n", (int)trtyolo_result_task(result), image.width, image.height,
      trtyolo_result_count(result));
  for (size_t i = 0; i < trtyolo_result_count(result); ++i) {
    add_object(&text, result, i);
  }
  if (trtyolo_result_task(result) == TRTYOLO_SEGMENT) {
    const size_t bytes = (size_t)mask.width * (size_t)mask.height;
    uint8_t* pixels = malloc(bytes);
    add(&text, "masks %d x %d\n", mask.width, mask.height);
    for (size_t i = 0; i < trtyolo_result_count(result); ++i) {
      if (trtyolo_result_mask(result, i, pixels, bytes)) {
        free(pixels);
        free(text.begin);
        return NULL;
      }
      add(&text, "mask %llx\n", (unsigned long long)hash_of(pixels, bytes));
    }
    free(pixels);
  }
  if (semantic.data) {
    add(&text, "semantic %d x %d none %d binary %d %llx\n", semantic.width, semantic.height, semantic.none,
        semantic.binary, (unsigned long long)hash_of(semantic.data, 2u * (size_t)(semantic.width * semantic.height)));
  }
  if (depth.data) {
    add(&text, "depth %d x %d %llx\n", depth.width, depth.height,
        (unsigned long long)hash_of(depth.data, sizeof(float) * (size_t)(depth.width * depth.height)));
  }
  char* json = NULL;
  if (trtyolo_result_json(result, &json)) {
    free(text.begin);
    return NULL;
  }
  add(&text, "json %zu %llx\n", strlen(json), (unsigned long long)hash_of(json, strlen(json)));
  trtyolo_string_free(json);
  return text.begin;
}

/* Whether the model finds what `expected` says, in that image. */
static int finds(trtyolo_model* model, const trtyolo_image* image, const char* expected) {
  trtyolo_result* result = NULL;
  if (trtyolo_model_predict(model, image, 1, &result)) {
    return 0;
  }
  char* text = text_of_result(result);
  const int same = text && !strcmp(text, expected);
  free(text);
  trtyolo_result_free(result);
  return same;
}

/* What the model finds there. */
static char* found_by(trtyolo_model* model, const trtyolo_image* image) {
  trtyolo_result* result = NULL;
  char* text = trtyolo_model_predict(model, image, 1, &result) ? NULL : text_of_result(result);
  trtyolo_result_free(result);
  return text;
}

/* ----- Arguments */

const char* check_null(void) {
  const trtyolo_image image = {.pixels = "abc", .width = 1, .height = 1};
  trtyolo_result* result = (trtyolo_result*)&image;
  char* text = (char*)&image;
  size_t count = 1;

  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "trtyolo_options_new: options must not be NULL", trtyolo_options_new(NULL));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "trtyolo_options_set_streams", trtyolo_options_set_streams(NULL, 1));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "trtyolo_pool_options_new", trtyolo_pool_options_new(NULL));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "must not be NULL", trtyolo_pool_options_set_contexts(NULL, 1));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "file must not be NULL", trtyolo_model_load(NULL, NULL, NULL));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "model must not be NULL", trtyolo_model_load("x.onnx", NULL, NULL));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "trtyolo_model_clone:", trtyolo_model_clone(NULL, NULL));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "trtyolo_model_clone_on:", trtyolo_model_clone_on(NULL, 0, NULL));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "trtyolo_model_predict:", trtyolo_model_predict(NULL, &image, 1, &result));
  CHECK(result == NULL);
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "must not be NULL", trtyolo_model_set_iou(NULL, 0.5f));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "result must not be NULL", trtyolo_result_json(NULL, &text));
  CHECK(text == NULL);
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "must not be NULL", trtyolo_result_mask(NULL, 0, NULL, 0));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "must not be NULL", trtyolo_pool_new(NULL, NULL, NULL));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "must not be NULL", trtyolo_pool_load(NULL, NULL, NULL, NULL));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "must not be NULL", trtyolo_pool_predict(NULL, &image, 1, &result));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "must not be NULL", trtyolo_pool_submit(NULL, &image, NULL, NULL));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "must not be NULL", trtyolo_pool_close(NULL, true));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "must not be NULL", trtyolo_pool_metrics(NULL, "x", &text));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "must not be NULL", trtyolo_ticket_get(NULL, &result));

  CHECK(trtyolo_model_info(NULL) == NULL && trtyolo_pool_info(NULL) == NULL);
  CHECK(trtyolo_info_task(NULL) == TRTYOLO_CLASSIFY && trtyolo_info_batch(NULL) == 0);
  CHECK(trtyolo_info_file(NULL) == NULL && trtyolo_info_backend(NULL) == NULL && trtyolo_info_head(NULL) == NULL);
  CHECK(trtyolo_info_metadata(NULL, "task") == NULL && trtyolo_info_class_name(NULL, 0) == NULL);
  CHECK(trtyolo_info_class_count(NULL) == 0 && trtyolo_info_network_size(NULL).width == 0);
  CHECK(trtyolo_result_count(NULL) == 0 && trtyolo_result_boxes(NULL) == NULL && trtyolo_result_name(NULL, 0) == NULL);
  CHECK(trtyolo_result_classes(NULL) == NULL && trtyolo_result_scores(NULL) == NULL);
  CHECK(trtyolo_result_keypoints(NULL, 0, &count) == NULL && count == 0);
  count = 1;
  CHECK(trtyolo_result_mask_runs(NULL, 0, &count) == NULL && count == 0);
  CHECK(trtyolo_result_semantic(NULL).data == NULL && trtyolo_result_depth(NULL).data == NULL);
  CHECK(trtyolo_result_times(NULL).inference == 0 && trtyolo_result_image_size(NULL).height == 0);
  CHECK(trtyolo_pool_contexts(NULL) == 0 && trtyolo_pool_in_flight(NULL) == 0);
  CHECK(!trtyolo_ticket_wait(NULL, -1) && !trtyolo_ticket_cancel(NULL));

  trtyolo_options_free(NULL);
  trtyolo_model_free(NULL);
  trtyolo_result_free(NULL);
  trtyolo_pool_options_free(NULL);
  trtyolo_pool_free(NULL);
  trtyolo_ticket_free(NULL);
  trtyolo_string_free(NULL);
  return NULL;
}

const char* check_options(void) {
  const float ones[3] = {1, 1, 1}, zeros[3] = {0, 0, 0};
  const char* const names[] = {"a", NULL};
  const int classes[] = {0, -1};
  trtyolo_options* options = NULL;
  CHECK(trtyolo_options_new(&options) == TRTYOLO_OK);
  CHECK(trtyolo_options_enable_swap_rb(options) == TRTYOLO_OK);
  CHECK(trtyolo_options_set_normalize_params(options, zeros, ones) == TRTYOLO_OK);
  CHECK(trtyolo_options_set_names(options, names, 1) == TRTYOLO_OK);
  CHECK(trtyolo_options_set_classes(options, NULL, 0) == TRTYOLO_OK);
  CHECK(trtyolo_options_set_precision(options, "f16") == TRTYOLO_OK);
  CHECK(trtyolo_options_set_family(options, "yolox") == TRTYOLO_OK);
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "f8", trtyolo_options_set_precision(options, "f8"));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "must not be NULL", trtyolo_options_set_precision(options, NULL));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "middle", trtyolo_options_set_letterbox(options, "middle"));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "walk", trtyolo_options_set_task(options, "walk"));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "", trtyolo_options_set_normalize_params(options, zeros, zeros));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "mean", trtyolo_options_set_normalize_params(options, NULL, ones));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "names must not be NULL", trtyolo_options_set_names(options, names, 2));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "-1", trtyolo_options_set_classes(options, classes, 2));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "classes must not be NULL", trtyolo_options_set_classes(options, NULL, 2));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "2", trtyolo_options_set_confidence(options, 2));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "-3", trtyolo_options_set_streams(options, -3));
  trtyolo_options_free(options);
  return NULL;
}

const char* check_wrong_files(const char* not_a_model) {
  trtyolo_model* model = (trtyolo_model*)&model;
  CHECK_FAILS(TRTYOLO_MODEL_ERROR, "no-such.onnx", trtyolo_model_load("no-such.onnx", NULL, &model));
  CHECK(model == NULL);
  CHECK_FAILS(TRTYOLO_MODEL_ERROR, not_a_model, trtyolo_model_load(not_a_model, NULL, &model));
  trtyolo_pool* pool = NULL;
  CHECK_FAILS(TRTYOLO_MODEL_ERROR, "no-such.onnx", trtyolo_pool_load("no-such.onnx", NULL, NULL, &pool));
  CHECK(pool == NULL);
  return NULL;
}

const char* check_wrong_images(const char* file, const trtyolo_image* image) {
  trtyolo_model* model = NULL;
  trtyolo_result* results[2] = {NULL, NULL};
  CHECK(trtyolo_model_load(file, NULL, &model) == TRTYOLO_OK);
  char* expected = found_by(model, image);
  CHECK(expected != NULL);

  trtyolo_image wrong = *image;
  wrong.pixels = NULL;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "null", trtyolo_model_predict(model, &wrong, 1, results));
  wrong = *image;
  wrong.width = 0;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "0 x", trtyolo_model_predict(model, &wrong, 1, results));
  wrong = *image;
  wrong.channels = 2;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "found 2", trtyolo_model_predict(model, &wrong, 1, results));
  wrong = *image;
  wrong.pitch = 7;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "found 7", trtyolo_model_predict(model, &wrong, 1, results));
  wrong = *image;
  wrong.format = 99;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "found 99", trtyolo_model_predict(model, &wrong, 1, results));
  wrong = *image;
  wrong.memory = 3;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "found 3", trtyolo_model_predict(model, &wrong, 1, results));
  wrong = *image;
  wrong.memory = TRTYOLO_MEMORY_DEVICE; /* and the model is on the CPU */
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "GPU", trtyolo_model_predict(model, &wrong, 1, results));
  wrong = *image;
  wrong.format = TRTYOLO_NV12;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "NV12", trtyolo_model_predict(model, &wrong, 1, results));
  wrong = *image;
  wrong.reserved[3] = 1;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "reserved", trtyolo_model_predict(model, &wrong, 1, results));

  /* All or none. */
  const trtyolo_image both[2] = {*image, wrong};
  results[0] = results[1] = (trtyolo_result*)&wrong;
  CHECK(trtyolo_model_predict(model, both, 2, results) == TRTYOLO_INVALID_ARGUMENT);
  CHECK(results[0] == NULL && results[1] == NULL);
  CHECK(trtyolo_model_predict(model, NULL, 1, results) == TRTYOLO_INVALID_ARGUMENT);
  CHECK(trtyolo_model_predict(model, image, 1, NULL) == TRTYOLO_INVALID_ARGUMENT);
  CHECK(trtyolo_model_predict(model, NULL, 0, NULL) == TRTYOLO_OK);

  /* The model is as it was. */
  CHECK(finds(model, image, expected));
  trtyolo_result* result = NULL;
  CHECK(trtyolo_model_predict(model, image, 1, &result) == TRTYOLO_OK);
  uint8_t pixel;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "there are 0 masks", trtyolo_result_mask(result, 0, &pixel, 1));
  CHECK(trtyolo_result_mask_runs(result, 0, NULL) == NULL && trtyolo_result_keypoints(result, 0, NULL) == NULL);
  CHECK(trtyolo_result_name(result, trtyolo_result_count(result)) == NULL);
  trtyolo_result_free(result);
  trtyolo_model_free(model);
  free(expected);
  return NULL;
}

const char* check_thresholds(const char* file, const trtyolo_image* image) {
  trtyolo_model* model = NULL;
  trtyolo_model* clone = NULL;
  trtyolo_result* result = NULL;
  CHECK(trtyolo_model_load(file, NULL, &model) == TRTYOLO_OK);
  CHECK(trtyolo_model_predict(model, image, 1, &result) == TRTYOLO_OK);
  const size_t all = trtyolo_result_count(result);
  const int first = trtyolo_result_classes(result)[0];
  trtyolo_result_free(result);
  CHECK(all > 1);

  CHECK(trtyolo_model_set_max_detections(model, 1) == TRTYOLO_OK);
  CHECK(trtyolo_model_clone(model, &clone) == TRTYOLO_OK); /* with its thresholds */
  CHECK(trtyolo_model_predict(clone, image, 1, &result) == TRTYOLO_OK);
  CHECK(trtyolo_result_count(result) == 1);
  trtyolo_result_free(result);
  CHECK(trtyolo_model_set_max_detections(model, 300) == TRTYOLO_OK);
  CHECK(trtyolo_model_set_confidence(model, 1) == TRTYOLO_OK);
  CHECK(trtyolo_model_predict(model, image, 1, &result) == TRTYOLO_OK);
  CHECK(trtyolo_result_count(result) == 0 && trtyolo_result_boxes(result) == NULL);
  trtyolo_result_free(result);
  CHECK(trtyolo_model_set_confidence(model, 0.25f) == TRTYOLO_OK);
  CHECK(trtyolo_model_set_classes(model, &first, 1) == TRTYOLO_OK);
  CHECK(trtyolo_model_predict(model, image, 1, &result) == TRTYOLO_OK);
  CHECK(trtyolo_result_count(result) > 0);
  for (size_t i = 0; i < trtyolo_result_count(result); ++i) {
    CHECK(trtyolo_result_classes(result)[i] == first);
  }
  trtyolo_result_free(result);
  CHECK(trtyolo_model_set_classes(model, NULL, 0) == TRTYOLO_OK);

  const int wrong = 10000;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "10000", trtyolo_model_set_classes(model, &wrong, 1));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "", trtyolo_model_set_iou(model, NAN));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "", trtyolo_model_set_max_detections(model, 0));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "", trtyolo_model_set_top_k(model, 0));
  CHECK(trtyolo_model_set_agnostic(model, true) == TRTYOLO_OK);
  CHECK(trtyolo_model_set_retina_masks(model, false) == TRTYOLO_OK);

  const trtyolo_info* info = trtyolo_model_info(model);
  CHECK(trtyolo_info_task(info) == TRTYOLO_DETECT);
  CHECK(!strcmp(trtyolo_info_file(info), file));
  CHECK(!strcmp(trtyolo_info_backend(info), "openvino"));
  CHECK(!strcmp(trtyolo_info_precision(info), "f32"));
  CHECK(!strcmp(trtyolo_info_family(info), "ultralytics"));
  CHECK(strlen(trtyolo_info_device(info)) > 0 && strlen(trtyolo_info_layout(info)) > 0);
  CHECK(strlen(trtyolo_info_head(info)) > 0);
  CHECK(!strcmp(trtyolo_info_metadata(info, "task"), "detect") && trtyolo_info_metadata(info, "tusk") == NULL);
  CHECK(trtyolo_info_class_count(info) > 1 && strlen(trtyolo_info_class_name(info, 0)) > 0);
  CHECK(trtyolo_info_class_name(info, -1) == NULL && trtyolo_info_class_name(info, wrong) == NULL);
  CHECK(trtyolo_info_network_size(info).width == 640 && trtyolo_info_network_size(info).height == 640);
  CHECK(trtyolo_info_stride(info) == 32 && trtyolo_info_batch(info) == 1);
  CHECK(trtyolo_info_keypoints(info) == 0 && trtyolo_info_keypoint_dims(info) == 0);
  trtyolo_model_free(clone);
  CHECK_FAILS(TRTYOLO_DEVICE_ERROR, "CPU", trtyolo_model_clone_on(model, 0, &clone));
  CHECK(clone == NULL);
  trtyolo_model_free(model);
  return NULL;
}

/* ----- Clones and threads */

const char* check_order_of_freeing(const char* file, const trtyolo_image* image) {
  trtyolo_model *model = NULL, *clone = NULL, *clone_of_clone = NULL;
  trtyolo_result* result = NULL;
  CHECK(trtyolo_model_load(file, NULL, &model) == TRTYOLO_OK);
  char* expected = found_by(model, image);
  CHECK(expected != NULL);
  CHECK(trtyolo_model_clone(model, &clone) == TRTYOLO_OK);
  trtyolo_model_free(model);
  CHECK(finds(clone, image, expected));
  CHECK(trtyolo_model_clone(clone, &clone_of_clone) == TRTYOLO_OK);
  CHECK(finds(clone_of_clone, image, expected));
  trtyolo_model_free(clone);
  CHECK(trtyolo_model_predict(clone_of_clone, image, 1, &result) == TRTYOLO_OK);
  trtyolo_model_free(clone_of_clone);
  char* text = text_of_result(result); /* outlives them all */
  CHECK(text && !strcmp(text, expected));
  trtyolo_result_free(result);
  free(text);
  free(expected);
  return NULL;
}

struct worker {
  trtyolo_model* model;
  const trtyolo_image* image;
  const char* expected;
  int rounds, right, busy, others;
};

static void* work(void* argument) {
  struct worker* worker = argument;
  for (int i = 0; i < worker->rounds; ++i) {
    trtyolo_result* result = NULL;
    const trtyolo_status status = trtyolo_model_predict(worker->model, worker->image, 1, &result);
    char* text = status == TRTYOLO_OK ? text_of_result(result) : NULL;
    worker->right += text && !strcmp(text, worker->expected);
    /* The message is this thread's own. */
    worker->busy += status == TRTYOLO_BUSY && !result && strstr(trtyolo_last_error(), "clone");
    worker->others += status != TRTYOLO_OK && status != TRTYOLO_BUSY;
    free(text);
    trtyolo_result_free(result);
  }
  return NULL;
}

const char* check_two_threads(const char* file, const trtyolo_image* image) {
  enum { kThreads = 2, kRounds = 4 };
  trtyolo_model* model = NULL;
  CHECK(trtyolo_model_load(file, NULL, &model) == TRTYOLO_OK);
  char* expected = found_by(model, image);
  CHECK(expected != NULL);

  /* Both in one model: each call has the right result, or says that it came second. */
  int busy = 0;
  for (int tries = 0; tries < 20 && busy == 0; ++tries) {
    struct worker workers[kThreads];
    pthread_t threads[kThreads];
    for (int i = 0; i < kThreads; ++i) {
      workers[i] = (struct worker){.model = model, .image = image, .expected = expected, .rounds = kRounds};
      CHECK(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
    }
    for (int i = 0; i < kThreads; ++i) {
      pthread_join(threads[i], NULL);
      CHECK(workers[i].others == 0 && workers[i].right + workers[i].busy == kRounds);
      busy += workers[i].busy;
    }
  }
  CHECK(busy > 0);

  /* A clone each: all are right. */
  struct worker workers[kThreads];
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    workers[i] = (struct worker){.image = image, .expected = expected, .rounds = kRounds};
    CHECK(trtyolo_model_clone(model, &workers[i].model) == TRTYOLO_OK);
    CHECK(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
  }
  trtyolo_model_free(model);
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    CHECK(workers[i].right == kRounds);
    trtyolo_model_free(workers[i].model);
  }
  free(expected);
  return NULL;
}

/* ----- Pools */

const char* check_pool(const char* file, const trtyolo_image* image) {
  enum { kImages = 4 };
  trtyolo_pool_options* options = NULL;
  CHECK(trtyolo_pool_options_new(&options) == TRTYOLO_OK);
  CHECK(trtyolo_pool_options_set_contexts(options, 2) == TRTYOLO_OK);
  CHECK(trtyolo_pool_options_set_max_batch_size(options, 1) == TRTYOLO_OK);
  CHECK(trtyolo_pool_options_set_max_queue_delay(options, 0.5) == TRTYOLO_OK);
  CHECK(trtyolo_pool_options_set_queue_length(options, 8) == TRTYOLO_OK);
  CHECK(trtyolo_pool_options_set_all_devices(options) == TRTYOLO_OK);
  trtyolo_pool* pool = NULL;
  CHECK(trtyolo_pool_load(file, NULL, options, &pool) == TRTYOLO_OK);
  trtyolo_pool_options_free(options);
  CHECK(trtyolo_pool_contexts(pool) == 2 && trtyolo_pool_in_flight(pool) > 0);
  CHECK(trtyolo_info_task(trtyolo_pool_info(pool)) == TRTYOLO_DETECT);

  trtyolo_model* model = NULL;
  CHECK(trtyolo_model_load(file, NULL, &model) == TRTYOLO_OK);
  char* expected = found_by(model, image);
  CHECK(expected != NULL);
  trtyolo_model_free(model);

  trtyolo_image images[kImages];
  trtyolo_result* results[kImages] = {NULL};
  trtyolo_ticket* tickets[kImages] = {NULL};
  for (int i = 0; i < kImages; ++i) {
    images[i] = *image;
  }
  CHECK(trtyolo_pool_predict(pool, images, kImages, results) == TRTYOLO_OK);
  for (int i = 0; i < kImages; ++i) {
    char* text = text_of_result(results[i]);
    CHECK(text && !strcmp(text, expected));
    free(text);
    trtyolo_result_free(results[i]);
    CHECK(trtyolo_pool_submit(pool, &images[i], NULL, &tickets[i]) == TRTYOLO_OK);
  }
  for (int i = 0; i < kImages; ++i) {
    CHECK(trtyolo_ticket_wait(tickets[i], i == 0 ? -1 : 60000));
    CHECK(trtyolo_ticket_wait(tickets[i], 0));
    CHECK(!trtyolo_ticket_cancel(tickets[i])); /* too late */
    trtyolo_result* result = NULL;
    CHECK(trtyolo_ticket_get(tickets[i], &result) == TRTYOLO_OK);
    char* text = text_of_result(result);
    CHECK(text && !strcmp(text, expected));
    free(text);
    trtyolo_result_free(result);
    CHECK(trtyolo_ticket_get(tickets[i], &result) == TRTYOLO_ERROR && result == NULL); /* once */
    trtyolo_ticket_free(tickets[i]);
  }
  char* metrics = NULL;
  CHECK(trtyolo_pool_metrics(pool, "door", &metrics) == TRTYOLO_OK);
  CHECK(strstr(metrics, "{pool=\"door\",outcome=\"finished\"} 8\n"));
  trtyolo_string_free(metrics);

  trtyolo_ticket* last = NULL;
  CHECK(trtyolo_pool_submit(pool, image, NULL, &last) == TRTYOLO_OK);
  CHECK(trtyolo_pool_close(pool, false) == TRTYOLO_OK);
  CHECK(trtyolo_ticket_wait(last, 0));
  CHECK_FAILS(TRTYOLO_CLOSED, "", trtyolo_pool_predict(pool, image, 1, results));
  trtyolo_pool_free(pool);
  trtyolo_result* result = NULL;
  CHECK(trtyolo_ticket_get(last, &result) == TRTYOLO_OK); /* the ticket outlives the pool */
  CHECK(trtyolo_result_count(result) > 0);
  trtyolo_result_free(result);
  trtyolo_ticket_free(last);
  free(expected);
  return NULL;
}

struct told {
  sem_t calls;
  trtyolo_status status;
  size_t count;
  int message, released;
};

static void done(void* data, trtyolo_status status, const char* message, trtyolo_result* result) {
  struct told* told = data;
  told->status = status;
  told->count = trtyolo_result_count(result);
  told->message = message && (strlen(message) > 0) == (status != TRTYOLO_OK);
  trtyolo_result_free(result);
  sem_post(&told->calls);
}

static void release(void* data) {
  struct told* told = data;
  told->released += 1;
  sem_post(&told->calls);
}

static void wait_for(struct told* told, int calls) {
  for (int i = 0; i < calls; ++i) {
    sem_wait(&told->calls);
  }
}

const char* check_pool_callbacks(const char* file, const trtyolo_image* image) {
  trtyolo_pool_options* options = NULL;
  trtyolo_pool* pool = NULL;
  CHECK(trtyolo_pool_options_new(&options) == TRTYOLO_OK);
  CHECK(trtyolo_pool_options_set_contexts(options, 1) == TRTYOLO_OK);
  CHECK(trtyolo_pool_load(file, NULL, options, &pool) == TRTYOLO_OK);
  trtyolo_pool_options_free(options);

  struct told told = {.released = 0};
  CHECK(sem_init(&told.calls, 0, 0) == 0);
  const trtyolo_submission how = {.done = done, .done_data = &told, .release = release, .release_data = &told};
  CHECK(trtyolo_pool_submit(pool, image, &how, NULL) == TRTYOLO_OK);
  wait_for(&told, 2);
  CHECK(told.status == TRTYOLO_OK && told.count > 0 && told.message && told.released == 1);

  /* Several, of which the last is cancelled: the one context is busy with the others. */
  enum { kOthers = 3 };
  struct told cancelled = {.released = 0};
  CHECK(sem_init(&cancelled.calls, 0, 0) == 0);
  trtyolo_submission last = how;
  last.done_data = last.release_data = &cancelled;
  trtyolo_ticket* ticket = NULL;
  for (int i = 0; i < kOthers; ++i) {
    CHECK(trtyolo_pool_submit(pool, image, &how, NULL) == TRTYOLO_OK);
  }
  CHECK(trtyolo_pool_submit(pool, image, &last, &ticket) == TRTYOLO_OK);
  const bool took = trtyolo_ticket_cancel(ticket);
  wait_for(&cancelled, 2);
  CHECK(took && cancelled.status == TRTYOLO_CANCELLED && cancelled.message && cancelled.released == 1);
  trtyolo_ticket_free(ticket);
  wait_for(&told, 2 * kOthers);
  CHECK(told.released == 1 + kOthers);

  /* With a callback the result is not the ticket's. */
  trtyolo_result* result = NULL;
  CHECK(trtyolo_pool_submit(pool, image, &how, &ticket) == TRTYOLO_OK);
  wait_for(&told, 2);
  CHECK(trtyolo_ticket_get(ticket, &result) == TRTYOLO_ERROR && result == NULL);
  trtyolo_ticket_free(ticket);
  trtyolo_pool_free(pool);
  sem_destroy(&told.calls);
  sem_destroy(&cancelled.calls);
  return NULL;
}

const char* check_pool_refusals(const char* file, const trtyolo_image* image) {
  trtyolo_pool_options* options = NULL;
  trtyolo_model* model = NULL;
  trtyolo_pool* pool = NULL;
  trtyolo_ticket* ticket = (trtyolo_ticket*)&pool;
  trtyolo_result* result = NULL;
  CHECK(trtyolo_model_load(file, NULL, &model) == TRTYOLO_OK);
  CHECK(trtyolo_pool_options_new(&options) == TRTYOLO_OK);
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "found -1", trtyolo_pool_options_set_max_queue_delay(options, -1));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "nan", trtyolo_pool_options_set_max_queue_delay(options, NAN));
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "ids", trtyolo_pool_options_set_devices(options, NULL, 1));
  CHECK(trtyolo_pool_options_set_contexts(options, -1) == TRTYOLO_OK);
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "found -1", trtyolo_pool_new(model, options, &pool));
  CHECK(pool == NULL);
  CHECK(trtyolo_pool_options_set_contexts(options, 1) == TRTYOLO_OK);
  CHECK(trtyolo_pool_options_set_queue_length(options, 1) == TRTYOLO_OK);
  CHECK(trtyolo_pool_options_set_reject(options, true) == TRTYOLO_OK);
  CHECK(trtyolo_pool_new(model, options, &pool) == TRTYOLO_OK);
  trtyolo_pool_options_free(options);
  trtyolo_model_free(model);

  /* What is refused lets go of its pixels all the same, and has no callback. */
  struct told told = {.released = 0};
  CHECK(sem_init(&told.calls, 0, 0) == 0);
  trtyolo_submission how = {.done = done, .done_data = &told, .release = release, .release_data = &told};
  trtyolo_image wrong = *image;
  wrong.width = -1;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "-1", trtyolo_pool_submit(pool, &wrong, &how, &ticket));
  CHECK(ticket == NULL && told.released == 1);
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "image", trtyolo_pool_submit(pool, NULL, &how, &ticket));
  CHECK(told.released == 2);
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "pool", trtyolo_pool_submit(NULL, image, &how, &ticket));
  CHECK(told.released == 3);
  how.timeout_ms = -1;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "timeout_ms", trtyolo_pool_submit(pool, image, &how, &ticket));
  how.timeout_ms = 0;
  how.when_full = 3;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "found 3", trtyolo_pool_submit(pool, image, &how, &ticket));
  how.when_full = TRTYOLO_FULL_AS_POOL;
  how.reserved[0] = 1;
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "reserved", trtyolo_pool_submit(pool, image, &how, &ticket));
  CHECK(told.released == 6);
  CHECK_FAILS(TRTYOLO_INVALID_ARGUMENT, "ticket", trtyolo_pool_submit(pool, image, NULL, NULL));

  /* One runs, and those that come meanwhile find the queue of one full, or wait too long, or wait for room. */
  trtyolo_ticket *first = NULL, *late = NULL, *waits = NULL;
  CHECK(trtyolo_pool_submit(pool, image, NULL, &first) == TRTYOLO_OK);
  const trtyolo_submission briefly = {.timeout_ms = 1e-3};
  trtyolo_status status;
  do { /* until the first has left the queue */
    status = trtyolo_pool_submit(pool, image, &briefly, &late);
  } while (status == TRTYOLO_QUEUE_FULL);
  CHECK(status == TRTYOLO_OK);
  const trtyolo_submission block = {.when_full = TRTYOLO_FULL_BLOCK};
  CHECK(trtyolo_pool_submit(pool, image, &block, &waits) == TRTYOLO_OK);
  CHECK_FAILS(TRTYOLO_DEADLINE, "", trtyolo_ticket_get(late, &result));
  CHECK(trtyolo_ticket_get(first, &result) == TRTYOLO_OK);
  trtyolo_result_free(result);
  CHECK(trtyolo_pool_close(pool, true) == TRTYOLO_OK);
  status = trtyolo_ticket_get(waits, &result);
  CHECK(status == TRTYOLO_OK || status == TRTYOLO_CLOSED); /* it ran, or was dropped */
  trtyolo_result_free(result);
  CHECK_FAILS(TRTYOLO_CLOSED, "", trtyolo_pool_submit(pool, image, NULL, &ticket));
  trtyolo_ticket_free(first);
  trtyolo_ticket_free(late);
  trtyolo_ticket_free(waits);
  trtyolo_pool_free(pool);
  sem_destroy(&told.calls);
  return NULL;
}
