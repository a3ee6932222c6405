// Speed of the bare network: see BaseModel::measureNetwork().
#pragma once

#include "image/geometry.hpp"
#include "runtime/tensorrt/network.hpp"
#include "trtyolo.hpp"

namespace trtyolo::tensorrt {

// `requests` threads, each with a context, memory and captured graph of its own, for `seconds`. Throws DeviceError and
// InferenceError.
NetworkSpeed measureNetwork(const Network& network, int batch, Size size, int requests, double seconds, int device);

}  // namespace trtyolo::tensorrt
