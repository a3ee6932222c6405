// The threads of predict: reads ahead, predicts side by side, and hands on the results in order.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

#include "pipeline/item.hpp"

namespace app {

/// Images that go through the network in one call, and how long they took, in milliseconds.
struct Batch {
  std::size_t number = 0;  ///< position in the order of the sources
  std::vector<Item> items;
  double read = 0, predict = 0, draw = 0;
  std::size_t pixels = 0;      ///< bytes that its images take of the budget
  std::exception_ptr failure;  ///< what a step threw; later steps leave the batch alone
};

/// The steps. An exception that leaves one ends the whole: what comes before that batch is still written.
struct Steps {
  /// Fills the batch; false if there is no more. One thread.
  std::function<bool(Batch&)> read;
  /// Called instead of `read` while no more batches may be in flight; false if there is nothing to do. The same thread.
  std::function<bool()> skip;
  /// Decodes; as many threads as there are `predict`s.
  std::function<void(Batch&)> decode;
  /// Runs the network; a thread for each.
  std::vector<std::function<void(Batch&)>> predict;
  /// Takes the batches in order; may be empty. One thread.
  std::function<void(Batch&)> track;
  /// Draws and encodes; as many threads as there are `predict`s.
  std::function<void(Batch&)> draw;
  /// Takes the batches in order; false to end. The calling thread.
  std::function<bool(Batch&)> write;
  /// Called when nothing more is to be written, also where a step threw; may be empty. After a signal (interrupted())
  /// `read` may still be waiting for its source. The calling thread.
  std::function<void()> end;
};

/// Runs the steps until nothing is left to read or `write` wants no more, and returns when all threads have ended.
/// After a signal it reads no more, and writes what has been read.
/// At most two batches for each clone, and two more, are in flight.
/// @throws  what a step threw, of the first batch in order for which one did; or why a thread cannot be started
void runPipeline(const Steps& steps);

}  // namespace app
