/* Uses of trtyolo.h, in C. A check returns NULL, or where it failed. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "trtyolo.h"

#ifdef __cplusplus
extern "C" {
#endif

/* FNV-1a, of what is too long to be shown. */
static inline uint64_t hash_of(const void* data, size_t bytes) {
  const unsigned char* byte = (const unsigned char*)data;
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < bytes; ++i) {
    hash = (hash ^ byte[i]) * 1099511628211u;
  }
  return hash;
}

/* All that a result has, floats to the last bit; free() it. NULL if a function fails. */
char* text_of_result(const trtyolo_result* result);

const char* check_null(void);
const char* check_options(void);
const char* check_wrong_files(const char* not_a_model);
/* `file` is a detector, `image` one of its images. */
const char* check_wrong_images(const char* file, const trtyolo_image* image);
const char* check_thresholds(const char* file, const trtyolo_image* image);
const char* check_order_of_freeing(const char* file, const trtyolo_image* image);
const char* check_two_threads(const char* file, const trtyolo_image* image);
const char* check_pool(const char* file, const trtyolo_image* image);
const char* check_pool_callbacks(const char* file, const trtyolo_image* image);
const char* check_pool_refusals(const char* file, const trtyolo_image* image);

#ifdef __cplusplus
}
#endif
