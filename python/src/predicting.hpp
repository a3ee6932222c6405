// From Python's images to parts of results, by a model or a pool.
#pragma once

#include <nanobind/nanobind.h>

#include <utility>

#include "images.hpp"
#include "results.hpp"
#include "trtyolo.hpp"
#include "unlocked.hpp"

namespace trtyolo::python {

/// What `predictor`, a model or a pool, finds in `image`. `held` is empty. The interpreter lock is released meanwhile.
template <typename Predictor>
nanobind::tuple predictOne(Predictor& predictor, HeldImages&& held, nanobind::handle image, const ModelInfo& info) {
  held.add(image);
  auto result = [&] {
    const Unlocked unlocked;
    held.copyScattered();
    return predictor.predict(held.images().front());
  }();
  return partsOf(std::move(result), info);
}

/// The same of several, in their order.
template <typename Predictor>
nanobind::list predictAll(Predictor& predictor, HeldImages&& held, const nanobind::list& images,
                          const ModelInfo& info) {
  for (const nanobind::handle image : images) {
    held.add(image);
  }
  auto results = [&] {
    const Unlocked unlocked;
    held.copyScattered();
    return predictor.predict(held.images());
  }();
  nanobind::list parts;
  for (auto& result : results) {
    parts.append(partsOf(std::move(result), info));
  }
  return parts;
}

}  // namespace trtyolo::python
