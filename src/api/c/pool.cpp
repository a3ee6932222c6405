// The pools of trtyolo.h.
#include <algorithm>
#include <chrono>

#include "api/c/handles.hpp"

namespace trtyolo::c {
namespace {

constexpr double kLongestDelay = 3.6e6;         // ms: an hour
constexpr double kLongestTimeout = 3.15576e10;  // ms: a year. More is for ever

using Milliseconds = std::chrono::duration<double, std::milli>;

PoolOption optionOf(const trtyolo_pool_options* options) {
  return options == nullptr ? PoolOption() : options->value;
}

SubmitOption optionOf(const trtyolo_submission& how) {
  SubmitOption option;
  if (std::any_of(std::begin(how.reserved), std::end(how.reserved), [](std::uint64_t value) { return value != 0; })) {
    throw trtyolo::c::MisuseError("trtyolo_submission: reserved must be 0; set all of it to 0 before filling it");
  }
  if (!(how.timeout_ms >= 0)) {
    throw trtyolo::c::MisuseError("trtyolo_submission: timeout_ms must not be negative, found " +
                                  std::to_string(how.timeout_ms));
  }
  if (how.timeout_ms > 0 && how.timeout_ms < kLongestTimeout) {
    using Clock = std::chrono::steady_clock;
    option.deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(Milliseconds(how.timeout_ms));
  }
  switch (how.when_full) {
    case TRTYOLO_FULL_AS_POOL:
      break;
    case TRTYOLO_FULL_BLOCK:
      option.queueFullPolicy = QueueFullPolicy::Block;
      break;
    case TRTYOLO_FULL_REJECT:
      option.queueFullPolicy = QueueFullPolicy::Reject;
      break;
    default:
      throw trtyolo::c::MisuseError("trtyolo_submission: when_full must be a trtyolo_when_full, found " +
                                    std::to_string(how.when_full));
  }
  return option;
}

std::function<void(Ticket<>)> callbackOf(trtyolo_done_callback done, void* data) {
  return [done, data](Ticket<> ticket) {
    trtyolo_result* result = nullptr;
    const trtyolo_status status = guarded("trtyolo_done_callback", [&] { result = new trtyolo_result(ticket.get()); });
    done(data, status, status == TRTYOLO_OK ? "" : trtyolo_last_error(), result);
  };
}

}  // namespace
}  // namespace trtyolo::c

using trtyolo::PoolOption;
using trtyolo::c::change;
using trtyolo::c::clear;
using trtyolo::c::guarded;
using trtyolo::c::optionOf;
using trtyolo::c::required;

trtyolo_status trtyolo_pool_options_new(trtyolo_pool_options** options) {
  clear(options);
  return guarded(__func__, [&] {
    required(options, "options");
    *options = new trtyolo_pool_options();
  });
}

void trtyolo_pool_options_free(trtyolo_pool_options* options) {
  delete options;
}

trtyolo_status trtyolo_pool_options_set_contexts(trtyolo_pool_options* options, int contexts) {
  return change(options, __func__, [&](PoolOption& option) { option.contexts = contexts; });
}

trtyolo_status trtyolo_pool_options_set_max_batch_size(trtyolo_pool_options* options, int size) {
  return change(options, __func__, [&](PoolOption& option) { option.maxBatchSize = size; });
}

trtyolo_status trtyolo_pool_options_set_max_queue_delay(trtyolo_pool_options* options, double milliseconds) {
  return change(options, __func__, [&](PoolOption& option) {
    if (!(milliseconds >= 0 && milliseconds <= trtyolo::c::kLongestDelay)) {
      throw trtyolo::c::MisuseError("0 to 3600000 ms, found " + std::to_string(milliseconds));
    }
    option.maxQueueDelay =
        std::chrono::duration_cast<std::chrono::microseconds>(trtyolo::c::Milliseconds(milliseconds));
  });
}

trtyolo_status trtyolo_pool_options_set_queue_length(trtyolo_pool_options* options, size_t length) {
  return change(options, __func__, [&](PoolOption& option) { option.queueLength = length; });
}

trtyolo_status trtyolo_pool_options_set_reject(trtyolo_pool_options* options, bool reject) {
  return change(options, __func__, [&](PoolOption& option) {
    option.queueFullPolicy = reject ? trtyolo::QueueFullPolicy::Reject : trtyolo::QueueFullPolicy::Block;
  });
}

trtyolo_status trtyolo_pool_options_set_devices(trtyolo_pool_options* options, const int* ids, size_t count) {
  return change(options, __func__, [&](PoolOption& option) { option.devices = trtyolo::c::listOf(ids, count, "ids"); });
}

trtyolo_status trtyolo_pool_options_set_all_devices(trtyolo_pool_options* options) {
  return change(options, __func__, [](PoolOption& option) { option.allDevices = true; });
}

trtyolo_status trtyolo_pool_new(const trtyolo_model* model, const trtyolo_pool_options* options, trtyolo_pool** pool) {
  clear(pool);
  return guarded(__func__, [&] {
    required(model, "model");
    required(pool, "pool");
    *pool = new trtyolo_pool{trtyolo::Pool<>(model->value, optionOf(options))};
  });
}

trtyolo_status trtyolo_pool_load(const char* file, const trtyolo_options* options,
                                 const trtyolo_pool_options* poolOptions, trtyolo_pool** pool) {
  clear(pool);
  return guarded(__func__, [&] {
    required(file, "file");
    required(pool, "pool");
    *pool = new trtyolo_pool{
        trtyolo::Pool<>(file, options == nullptr ? trtyolo::InferOption() : options->value, optionOf(poolOptions))};
  });
}

void trtyolo_pool_free(trtyolo_pool* pool) {
  delete pool;
}

const trtyolo_info* trtyolo_pool_info(const trtyolo_pool* pool) {
  return pool == nullptr ? nullptr : trtyolo::c::handleOf(pool->value.info());
}

int trtyolo_pool_contexts(const trtyolo_pool* pool) {
  return pool == nullptr ? 0 : pool->value.contexts();
}

size_t trtyolo_pool_in_flight(const trtyolo_pool* pool) {
  return pool == nullptr ? 0 : pool->value.inFlight();
}

trtyolo_status trtyolo_pool_metrics(const trtyolo_pool* pool, const char* name, char** text) {
  clear(text);
  return guarded(__func__, [&] {
    required(pool, "pool");
    required(name, "name");
    required(text, "text");
    *text = trtyolo::c::copyOf(trtyolo::prometheus({{name, pool->value.metrics()}}));
  });
}

trtyolo_status trtyolo_pool_predict(trtyolo_pool* pool, const trtyolo_image* images, size_t count,
                                    trtyolo_result** results) {
  return trtyolo::c::predict(pool, __func__, images, count, results);
}

trtyolo_status trtyolo_pool_submit(trtyolo_pool* pool, const trtyolo_image* image, const trtyolo_submission* how,
                                   trtyolo_ticket** ticket) {
  clear(ticket);
  return guarded(__func__, [&] {
    const trtyolo_submission usual = {};
    const trtyolo_submission& said = how == nullptr ? usual : *how;
    trtyolo::OwnedImage owned;
    if (said.release != nullptr) {  // first: from here on it is called, whatever comes
      owned.owner = std::shared_ptr<const void>(
          image, [release = said.release, data = said.release_data](const void*) { release(data); });
    }
    required(pool, "pool");
    static_cast<trtyolo::Image&>(owned) = trtyolo::c::imageOf(*required(image, "image"));
    const trtyolo::SubmitOption option = optionOf(said);
    if (said.done == nullptr) {
      required(ticket, "ticket");
    }
    auto made = ticket == nullptr
                    ? nullptr
                    : std::make_unique<trtyolo_ticket>();  // before: once it is submitted, its pixels are in use
    trtyolo::Ticket<> submitted =
        said.done == nullptr ? pool->value.submit(owned, option)
                             : pool->value.submit(owned, trtyolo::c::callbackOf(said.done, said.done_data), option);
    if (made) {
      made->value = std::move(submitted);
      *ticket = made.release();
    }
  });
}

trtyolo_status trtyolo_pool_close(trtyolo_pool* pool, bool drop) {
  return guarded(__func__, [&] {
    required(pool, "pool")->value.close(drop ? trtyolo::CloseMode::Drop : trtyolo::CloseMode::Drain);
  });
}

bool trtyolo_ticket_wait(const trtyolo_ticket* ticket, double milliseconds) {
  bool ready = false;
  guarded(__func__, [&] {
    if (ticket != nullptr && milliseconds >= 0) {
      ready = ticket->value.waitFor(trtyolo::c::Milliseconds(milliseconds));
    } else if (ticket != nullptr) {
      ticket->value.wait();
      ready = true;
    }
  });
  return ready;
}

bool trtyolo_ticket_cancel(trtyolo_ticket* ticket) {
  bool cancelled = false;
  guarded(__func__, [&] { cancelled = ticket != nullptr && ticket->value.cancel(); });
  return cancelled;
}

trtyolo_status trtyolo_ticket_get(trtyolo_ticket* ticket, trtyolo_result** result) {
  clear(result);
  return guarded(__func__, [&] {
    required(ticket, "ticket");
    required(result, "result");
    *result = new trtyolo_result(ticket->value.get());
  });
}

void trtyolo_ticket_free(trtyolo_ticket* ticket) {
  delete ticket;
}
