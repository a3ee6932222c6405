// What each source adds to the extension module.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

namespace trtyolo::python {

/// What keeps `held` for Python, and lets it go at last.
template <typename Held, typename Deleter>
nanobind::capsule capsuleOf(std::unique_ptr<Held, Deleter> held) {
  const nanobind::capsule owner(held.get(), [](void* memory) noexcept { Deleter()(static_cast<Held*>(memory)); });
  static_cast<void>(held.release());
  return owner;
}

void bindErrors(nanobind::module_& module);    ///< lets what the library throws reach Python
void bindUnlocked(nanobind::module_& module);  ///< what the package calls at exit and in a forked child
void bindOptions(nanobind::module_& module);   ///< setters with the names of the Python class InferOption's
void bindImages(nanobind::module_& module);
void bindEncoded(nanobind::module_& module);
void bindFrames(nanobind::module_& module);  ///< pixels of videos' frames
void bindResults(nanobind::module_& module);
void bindModels(nanobind::module_& module);
void bindPreprocess(nanobind::module_& module);  ///< networks' inputs
void bindSlices(nanobind::module_& module);
void bindPools(nanobind::module_& module);  ///< after the models
void bindSelfTests(nanobind::module_& module);

}  // namespace trtyolo::python
