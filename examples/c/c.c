/* One model, one clone, one image, in C: c MODEL IMAGE.ppm */
#include <stdio.h>
#include <stdlib.h>

#include "trtyolo.h"

/* The pixels of a binary PPM file, RGB; NULL if it is none. */
static unsigned char* read_ppm(const char* file, int* width, int* height) {
  unsigned char* pixels = NULL;
  FILE* input = fopen(file, "rb");
  int brightest = 0;
  if (input && fscanf(input, "P6 %d %d %d", width, height, &brightest) == 3 && brightest == 255 && *width > 0 &&
      *width <= 65536 && *height > 0 && *height <= 65536 && fgetc(input) != EOF) {
    const size_t size = (size_t)*width * (size_t)*height * 3;
    pixels = malloc(size);
    if (pixels && fread(pixels, 1, size, input) != size) {
      free(pixels);
      pixels = NULL;
    }
  }
  if (input) {
    fclose(input);
  }
  return pixels;
}

static void print(const trtyolo_result* result) {
  const float* scores = trtyolo_result_scores(result);
  const trtyolo_box* boxes = trtyolo_result_boxes(result); /* NULL if the task has none */
  for (size_t i = 0; i < trtyolo_result_count(result); ++i) {
    printf("%s %.2f", trtyolo_result_name(result, i), scores[i]);
    if (boxes) {
      printf(" [%.1f, %.1f, %.1f, %.1f]", boxes[i].left, boxes[i].top, boxes[i].right, boxes[i].bottom);
    }
    printf("\n");
  }
}

/* What can fail stops at the first failure, whose message trtyolo_last_error() has. */
static trtyolo_status run(const char* file, const trtyolo_image* image) {
  trtyolo_model* model = NULL;
  trtyolo_model* clone = NULL;
  trtyolo_result* result = NULL;
  trtyolo_result* again = NULL;
  trtyolo_status status = trtyolo_model_load(file, NULL, &model);
  if (!status) {
    status = trtyolo_model_predict(model, image, 1, &result);
  }
  print(result);
  if (!status) {
    status = trtyolo_model_clone(model, &clone); /* same weights, own execution context: for another thread */
  }
  if (!status) {
    status = trtyolo_model_predict(clone, image, 1, &again);
  }
  if (!status) {
    printf("the clone finds %zu of %zu objects\n", trtyolo_result_count(again), trtyolo_result_count(result));
  }
  trtyolo_result_free(again); /* all of them take NULL */
  trtyolo_result_free(result);
  trtyolo_model_free(clone);
  trtyolo_model_free(model);
  return status;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: c MODEL IMAGE.ppm\n");
    return 2;
  }
  trtyolo_image image = {.channels = 3}; /* the rest is 0, which is the usual value */
  unsigned char* pixels = read_ppm(argv[2], &image.width, &image.height);
  if (!pixels) {
    fprintf(stderr, "c: %s: not a binary PPM image of 8 bits\n", argv[2]);
    return 1;
  }
  image.pixels = pixels;
  const trtyolo_status status = run(argv[1], &image);
  if (status) {
    fprintf(stderr, "c: %s\n", trtyolo_last_error());
  }
  free(pixels);
  return status ? 1 : 0;
}
