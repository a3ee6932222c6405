// The bare network's speed: requests that start themselves again, and nothing else.
#pragma once

#include <openvino/openvino.hpp>
#include <vector>

#include "trtyolo.hpp"

namespace trtyolo::openvino {

// Keeps all `requests` running for about `seconds`, on input of `shape` that no part of the network can skip over.
NetworkSpeed measureNetwork(std::vector<ov::InferRequest> requests, const ov::Shape& shape, double seconds);

}  // namespace trtyolo::openvino
