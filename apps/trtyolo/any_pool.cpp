// A pool of whatever task: see any_pool.hpp.
#include "any_pool.hpp"

#include <type_traits>

namespace app {

Found AnyTicket::get() {
  return std::visit([](auto& ticket) { return foundOf(ticket.get()); }, ticket_);
}

AnyPool::AnyPool(const AnyModel& model, const trtyolo::PoolOption& option)
    : pool_(model.visit([&](const auto& one) -> Pool {
        return Pool(std::in_place_type<trtyolo::Pool<std::decay_t<decltype(one)>>>, one, option);
      })) {}

Found AnyPool::predict(const trtyolo::Image& image) {
  return std::visit([&](auto& pool) { return foundOf(pool.predict(image)); }, pool_);
}

AnyTicket AnyPool::submit(const trtyolo::OwnedImage& image) {
  return std::visit([&](auto& pool) { return AnyTicket(AnyTicket::Ticket(pool.submit(image))); }, pool_);
}

const trtyolo::BasePool& AnyPool::base() const {
  return std::visit([](const auto& pool) -> const trtyolo::BasePool& { return pool; }, pool_);
}

}  // namespace app
