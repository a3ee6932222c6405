// The scheduler's part for devices that fail: they are left out, and their images go to the others.
#include <algorithm>
#include <new>
#include <utility>

#include "base/log.hpp"
#include "pool/scheduler.hpp"

namespace trtyolo {
namespace {

std::string textOf(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& reason) {
    return reason.what();
  } catch (...) {
    return "an unknown error";
  }
}

}  // namespace

// Of a device that does not work any more, with the error of what it was doing. False, and the device stays, if it is
// the last one. To be called without the lock, before what it was doing counts as ended.
bool Scheduler::leaveOut(Device& device, const std::exception_ptr& error) {
  std::string why = "it failed", message;
  try {
    why = textOf(error);
    message = "pool of '" + settings_.file + "': a GPU is left out from now on, others run its images: " + why;
  } catch (const std::bad_alloc&) {
    message = "a GPU is left out";  // short enough to take no memory
  }
  {
    const Lock lock(mutex_);
    if (device.failure) {
      return true;
    }
    if (device.counts.failure.empty()) {
      device.counts.failure.swap(why);
    }
    if (working_ == 1) {
      return false;
    }
    --working_;
    device.failure = error;
    moveAway(device);
    admitBlocked();
    notifyWorker(Clock::now());
  }
  writeLog(LogLevel::Warning, message);
  return true;
}

// The images that only this device can run: those that are still there as encoded ones are decoded again, for another.
void Scheduler::moveAway(Device& device) {
  const auto ofDevice = [&](const RequestGroup& group) { return group.device == indexOf(device); };
  for (;;) {
    const auto group = std::find_if(groups_.begin(), groups_.end(), ofDevice);
    if (group == groups_.end()) {
      return;
    }
    PoolRequest& request = *group->requests.front();
    if (request.encoded) {
      RequestList moved;
      leaveGroup(group, request, moved);
      decodeAgain(request, moved);
    } else {
      ++counts_.failed;
      end(request, device.failure);
    }
  }
}

// An image whose run has failed with its device, and which is in `from`. It is in the queue once more, also if that is
// full, in its order of arrival. As its run had begun, its deadline is met.
void Scheduler::runAgain(PoolRequest& request, RequestList& from) {
  ++counts_.rerun;
  counts_.longestQueue = std::max(counts_.longestQueue, ++waiting_);
  request.deadline = Clock::time_point::max();
  if (request.device) {
    decodeAgain(request, from);
  } else {
    joinGroup(request, from);
  }
}

// An image in the queue that was decoded, or was to be, by a device that has failed.
void Scheduler::decodeAgain(PoolRequest& request, RequestList& from) {
  request.device.reset();
  request.stage = PoolRequest::Stage::Encoded;
  moveInOrder(request, from, encoded_);
  notifyDecoder();
}

}  // namespace trtyolo
