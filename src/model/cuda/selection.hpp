// The kernels between a network's outputs and its results, as plain C++ sees them: where everything lies, and what
// starts them. They do what model/selection and the heads do on the CPU, and give the same objects in the same order.
//
// Every function here only enqueues: nothing is allocated or waited for, so that all of it can be captured. Grids are
// fixed by capacities; kernels read counts and thresholds from device memory, and leave alone the images whose slot has
// no pixels. Errors: DeviceError where a launch is refused.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "image/cuda/image_slot.hpp"
#include "model/cuda/objects.hpp"
#include "model/cuda/raw_grids.hpp"
#include "model/object_values.hpp"
#include "model/rotated_overlap.hpp"
#include "trtyolo.hpp"

namespace trtyolo::cuda {

// A table of values in device memory: value v of anchor a of image i is element
// i * slotStep + v * valueStep + a * anchorStep.
struct DeviceTable {
  const void* data = nullptr;
  ValueType type = ValueType::F32;
  std::size_t slotStep = 0, valueStep = 0, anchorStep = 0;

  bool operator==(const DeviceTable&) const = default;
};

// What may change from call to call.
struct Limits {
  float confidence = 0;
  float iou = 0;
  std::uint32_t most = 0;        // objects; of a classifier: classes
  std::uint32_t agnostic = 0;    // whether boxes of different classes suppress each other
  std::uint32_t everyClass = 0;  // whether all classes are wanted
};

// Device memory that is written anew before each call.
struct CallMemory {
  const Limits* limits = nullptr;
  const std::uint32_t* wanted = nullptr;    // a bit for each class
  std::uint32_t* found = nullptr;           // [batch] candidates so far; 0 before the call
  std::uint32_t* finishedBlocks = nullptr;  // [batch] 0 before the call
};

// The network's outputs. Of end-to-end networks and best classes, "anchors" are objects, and an object has one score.
struct Candidates {
  std::uint32_t anchors = 0;
  std::uint32_t classes = 0;  // 0: not known (end-to-end and best classes only)
  bool anchorsFirst = false;  // values of an anchor lie side by side; otherwise anchors do
  bool multiLabel = false;
  bool logits = false;
  bool clipped = false;  // boxes are cut at the image's edges before they suppress each other
  BoxForm form;
  bool rotated = false;  // the last extra value is the angle
  std::uint32_t extraValues = 0;
  DeviceTable boxes, objectness, scores, extra;  // no objectness: its data is null
  DeviceTable classNumbers;                      // of objects
  DeviceTable counts;                            // how many objects there are; all, if its data is null
  RawGrids raw;  // of a network that was cut: in the place of boxes, objectness, scores and extra
};

// Scratch in device memory; what a layout has no use for is null.
struct Scratch {
  std::uint64_t* keys = nullptr;    // [batch, keyCapacity] candidates as candidateKey()
  std::uint64_t* merged = nullptr;  // as many; only where keyCapacity is above kSortTile
  std::size_t keyCapacity = 0;

  // Of rotated boxes, the best orderedCapacity candidates by falling score.
  KeptObject* ordered = nullptr;     // [batch, orderedCapacity]
  Gaussian* gaussians = nullptr;     // [batch, orderedCapacity]
  std::uint32_t* removed = nullptr;  // [batch, orderedCapacity / 32, rounded up] a bit for each
  std::size_t orderedCapacity = 0;
};

// What comes out. Boxes and points are in pixels of the source images, `kept` in those of the network's input.
struct Results {
  std::size_t capacity = 0;    // objects of an image
  KeptObject* kept = nullptr;  // [batch, capacity] in device memory
  int* keptCounts = nullptr;   // [batch] in device memory

  // In page-locked memory.
  int* counts = nullptr;          // [batch]
  Box* boxes = nullptr;           // [batch, capacity], aligned to 16 bytes; null of a classifier
  float* thetas = nullptr;        // [batch, capacity]; null unless boxes are rotated
  float* scores = nullptr;        // [batch, capacity]
  int* classes = nullptr;         // [batch, capacity]
  KeyPoint* keypoints = nullptr;  // [batch, capacity, keypointCount]
  std::uint32_t keypointCount = 0, keypointDims = 0;
};

struct Work {
  std::uint32_t batch = 0;
  const ImageSlot* slots = nullptr;  // [batch] in device memory
  CallMemory call;
  Candidates candidates;
  Scratch scratch;
  Results results;
};

inline constexpr std::uint32_t kSortTile = 2048;  // keys that are sorted in shared memory

// Lists the candidates: scratch.keys, in any order, and call.found.
void scan(const Work& work, cudaStream_t stream);

// Sorts them, suppresses (boxes, or rotated boxes), and gives the results.
void suppress(const Work& work, cudaStream_t stream);
void suppressRotated(const Work& work, cudaStream_t stream);

// Gives the wanted objects of end-to-end networks, or of best classes.
void selectFinished(const Work& work, cudaStream_t stream);

// Sorts the candidates of an end-to-end network that was cut, and gives the wanted ones of the best.
void selectBest(const Work& work, cudaStream_t stream);

// Gives a classifier's best classes, whose scores are candidates.scores of anchor 0.
void classify(const Work& work, cudaStream_t stream);

}  // namespace trtyolo::cuda
