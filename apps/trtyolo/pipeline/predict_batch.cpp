// The network over a batch: see predict_batch.hpp.
#include "pipeline/predict_batch.hpp"

#include <exception>
#include <utility>
#include <vector>

#include "input/reader.hpp"
#include "pipeline/step_tools.hpp"

namespace app {
namespace {

using Slices = std::optional<trtyolo::SliceOption>;

/// What the model gives for each of the items, and takes by `inputOf`, in one call, but for slices.
template <typename InputOf>
void predictAll(trtyolo::Model& model, const std::vector<Item*>& items, const Slices& slices, const InputOf& inputOf) {
  if (items.empty()) return;
  if (slices) {
    for (Item* item : items) item->result = model.predict(inputOf(*item), *slices);
    return;
  }
  std::vector<decltype(inputOf(*items.front()))> inputs;
  inputs.reserve(items.size());
  for (const Item* item : items) inputs.push_back(inputOf(*item));
  auto results = model.predict(inputs);
  for (std::size_t i = 0; i < items.size(); ++i) items[i]->result = std::move(results[i]);
}

/// Of an item that a call with others has failed for. What is wrong with an image, imageOf() tells as of others.
void predictAlone(trtyolo::Model& model, Item& item, const Slices& slices) {
  if (item.encoded) item.image = imageOf(item, item.encoded->size());
  item.encoded.reset();
  item.result = slices ? model.predict(item.view(), *slices) : model.predict(item.view());
}

}  // namespace

void predictBatch(trtyolo::Model& model, Batch& batch, const std::optional<trtyolo::SliceOption>& slices) {
  std::vector<Item*> decoded, encodedItems;
  for (Item& item : batch.items) {
    if (item.error.empty()) (item.encoded ? encodedItems : decoded).push_back(&item);
  }
  if (decoded.empty() && encodedItems.empty()) return;
  const auto attempt = [&](const std::vector<Item*>& items, const auto& inputOf) {
    try {
      predictAll(model, items, slices, inputOf);
    } catch (const std::exception&) {  // one of them is to blame, or each
      for (Item* item : items) withErrors(*item, [&] { predictAlone(model, *item, slices); });
    }
  };
  timed(batch.predict, [&] {
    attempt(decoded, [](const Item& item) { return item.view(); });
    attempt(encodedItems, [](const Item& item) { return encoded(*item.encoded); });
  });
}

void predictThen(trtyolo::Model& model, const trtyolo::CropOption& option, Batch& batch) {
  timed(batch.predict, [&] {
    for (Item& item : batch.items) {
      withErrors(item, [&] { item.then = predictCrops(model, item.view(), item.result, option); });
    }
  });
}

}  // namespace app
