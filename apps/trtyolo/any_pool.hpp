// A pool of a model of whatever task.
#pragma once

#include <utility>
#include <variant>

#include "any_model.hpp"
#include "trtyolo/pool.hpp"

namespace app {

/// A ticket of one of the library's five pools.
class AnyTicket {
 public:
  AnyTicket() = default;

  /// See trtyolo::Ticket.
  Found get();

 private:
  friend class AnyPool;
  using Ticket = std::variant<trtyolo::Ticket<trtyolo::ClsResult>, trtyolo::Ticket<trtyolo::DetResult>,
                              trtyolo::Ticket<trtyolo::OBBResult>, trtyolo::Ticket<trtyolo::SegResult>,
                              trtyolo::Ticket<trtyolo::PoseResult>>;

  explicit AnyTicket(Ticket ticket) : ticket_(std::move(ticket)) {}

  Ticket ticket_;
};

/// One of the library's five pools. Threads, ownership and errors are as there.
class AnyPool {
 public:
  explicit AnyPool(const AnyModel& model, const trtyolo::PoolOption& option = {});

  Found predict(const trtyolo::Image& image);
  AnyTicket submit(const trtyolo::OwnedImage& image);
  /// What pools of all tasks share.
  const trtyolo::BasePool& base() const;

 private:
  using Pool = std::variant<trtyolo::Pool<trtyolo::ClassifyModel>, trtyolo::Pool<trtyolo::DetectModel>,
                            trtyolo::Pool<trtyolo::OBBModel>, trtyolo::Pool<trtyolo::SegmentModel>,
                            trtyolo::Pool<trtyolo::PoseModel>>;

  Pool pool_;
};

}  // namespace app
