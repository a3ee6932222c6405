// trtyolo: YOLO models, one engine and many clones.
//
//   #include "trtyolo.hpp"
//   #include "trtyolo/opencv.hpp"                              // only for cv::Mat
//
//   trtyolo::InferOption option;
//   option.enableSwapRB();                                     // images are BGR, the network wants RGB
//   trtyolo::DetectModel model("yolo11n.onnx", option);        // or trtyolo::Model::load(): of any task
//   auto clone = model.clone();                                // same weights, own execution context
//   cv::Mat image = cv::imread("bus.jpg");
//   trtyolo::DetResult result = clone->predict(trtyolo::view(image));
//   std::cout << result << '\n';
//
// This header includes all others but opencv.hpp; each can be included by itself. They need the standard library only.
// Conventions, unless an item says otherwise:
//   - Pixels are counted in the source image, (0, 0) is its upper left corner, x grows to the right and y down.
//   - Colours are 8-bit and interleaved; "RGB" names the order of channels in memory.
//   - Errors: see errors.hpp. A call that throws leaves its object as it was, and usable.
//   - Value types (Image, Box, results, options) may be copied freely and read from any thread; writing to one from
//     several threads needs the caller's own lock.
#pragma once

#include "trtyolo/build.hpp"          // IWYU pragma: export
#include "trtyolo/crop.hpp"           // IWYU pragma: export
#include "trtyolo/encoded.hpp"        // IWYU pragma: export
#include "trtyolo/errors.hpp"         // IWYU pragma: export
#include "trtyolo/image.hpp"          // IWYU pragma: export
#include "trtyolo/info.hpp"           // IWYU pragma: export
#include "trtyolo/log.hpp"            // IWYU pragma: export
#include "trtyolo/model.hpp"          // IWYU pragma: export
#include "trtyolo/options.hpp"        // IWYU pragma: export
#include "trtyolo/pinned_buffer.hpp"  // IWYU pragma: export
#include "trtyolo/pool.hpp"           // IWYU pragma: export
#include "trtyolo/preprocess.hpp"     // IWYU pragma: export
#include "trtyolo/results.hpp"        // IWYU pragma: export
#include "trtyolo/self_test.hpp"      // IWYU pragma: export
#include "trtyolo/slices.hpp"         // IWYU pragma: export
#include "trtyolo/track.hpp"          // IWYU pragma: export
#include "trtyolo/zones.hpp"          // IWYU pragma: export
