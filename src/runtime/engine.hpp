// The two halves of a loaded model: what all clones share, and what each has to itself.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "image/letterbox.hpp"
#include "model/description.hpp"
#include "model/postprocess_options.hpp"
#include "runtime/options.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

// Execution state of one clone: input and output memory, one run at a time. One thread at a time.
class Context {
 public:
  virtual ~Context() = default;

  // One run of the network over images that share a network size; at most the description's batch of them, each with
  // its letterbox. Fills `results` in order.
  // Gives the times of the run. Throws InferenceError; the context is usable afterwards, `results` is not to be read.
  virtual StageTimes predict(std::span<const ImageView> images, std::span<const Letterbox> letterboxes,
                             const PostprocessOptions& postprocess, std::span<Result> results) = 0;
};

// Weights and all they need. Immutable after loading: every method from any thread.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  virtual ~Engine() = default;

  virtual const ModelDescription& description() const = 0;

  // The GPU that it is on; none if it runs on the CPU.
  virtual std::optional<int> gpu() const { return std::nullopt; }

  // The GPU that the image can only be run on, because it is in that one's memory. Throws DeviceError.
  virtual std::optional<int> gpuHolding(const ImageView& /*image*/) const { return std::nullopt; }

  // Whether its device can still be used; after some failures it cannot (see cuda::state()). Slow.
  virtual bool works() const noexcept { return true; }

  // How many runs at the same time keep the machine busy.
  virtual int parallelRuns() const = 0;

  // A context that keeps this engine alive.
  virtual std::unique_ptr<Context> createContext() const = 0;

  // See Model::memory().
  virtual MemoryUse memory() const = 0;

  // See Model::measureNetwork().
  virtual NetworkSpeed measureNetwork(int requests, double seconds) const = 0;
};

// Throws if a model is not what the caller can use; asked between reading a file and the long work of preparing it.
using DescriptionCheck = std::function<void(const ModelDescription&)>;

}  // namespace trtyolo
