// The scheduler's part for encoded images: they are decoded while they are in the queue.
#include <algorithm>
#include <system_error>
#include <utility>

#include "pool/scheduler.hpp"

namespace trtyolo {

// Makes the threads, if there are none. Throws Error if the machine has not even one.
void Scheduler::startDecoding() {
  const std::size_t wanted = settings_.decoding.threads;
  if (!decoders_.empty()) {
    return;
  }
  decoders_.reserve(wanted);
  try {
    while (decoders_.size() < wanted) {
      decoders_.emplace_back([this] { decodeImages(); });
    }
  } catch (const std::system_error& error) {
    if (decoders_.empty()) {
      throw Error("pool of '" + settings_.file + "': the machine has no thread for decoding images: " + error.what());
    }
  }
}

// No more are decoded than are needed soon: their pixels take memory.
bool Scheduler::mayDecode() const {
  return !encoded_.empty() && waiting_ - encoded_.size() < settings_.decoding.ahead;
}

// To be called after every change that may let decoding begin.
void Scheduler::notifyDecoder() {
  if (mayDecode()) {
    decode_.notify_one();
  }
}

void Scheduler::takeEncoded(std::vector<RequestPtr>& requests, std::vector<EncodedImage>& images) {
  while (mayDecode() && requests.size() < settings_.decoding.batch) {
    PoolRequest& request = *encoded_.front();
    requests.push_back(encoded_.front());
    images.push_back(*request.encoded);
    request.stage = PoolRequest::Stage::Decoding;
    request.beingDecoded = true;
    decoding_.splice(decoding_.end(), encoded_, request.place);
  }
  notifyDecoder();
}

void Scheduler::countDecoded(const ReadyImage& image) {
  DecodeCounts& counts = counts_.decoded;
  ++(image.error ? counts.failed : image.view.memory == ImageMemory::Device ? counts.gpu : counts.cpu);
  counts.refused += image.refused ? 1 : 0;
}

// Of an image that ended while it was decoded: its callback was called then, but its bytes were needed.
void Scheduler::releaseOwner(const RequestPtr& request) {
  if (request->encoded->bytes) {
    request->again.front() = request;
    callbacks_.post(request->again, request->again.begin());
  }
}

// What a thread that decodes does. Images may end while they are decoded: nobody waits for that but the owner of the
// bytes.
void Scheduler::decodeImages() {
  std::vector<RequestPtr> requests;
  std::vector<EncodedImage> images;
  requests.reserve(settings_.decoding.batch);
  images.reserve(settings_.decoding.batch);
  Lock lock(mutex_);
  for (;;) {
    expire(Clock::now());
    takeEncoded(requests, images);
    if (requests.empty()) {
      if (closing_ && nothingWaits()) {
        return;
      }
      decode_.wait(lock);
      continue;
    }
    lock.unlock();
    const Clock::time_point start = Clock::now();
    std::vector<ReadyImage> ready;
    ReadyImage failed;  // all of them
    try {
      ready = settings_.decoding.decode(images);
    } catch (...) {
      failed.error = std::current_exception();
    }
    lock.lock();
    const Clock::time_point now = Clock::now();
    decodes_.add(std::chrono::duration<double, std::milli>(now - start).count());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      PoolRequest& request = *requests[i];
      ReadyImage& image = failed.error ? failed : ready[i];
      request.beingDecoded = false;
      countDecoded(image);
      if (request.stage != PoolRequest::Stage::Decoding) {
        releaseOwner(requests[i]);
        continue;
      }
      if (image.error) {
        ++counts_.failed;
        end(request, image.error);
        continue;
      }
      request.image = image.view;
      request.box = settings_.decoding.fit(request.image.wholeSize());
      request.pixels = std::move(image.owner);
      joinGroup(request, decoding_);
    }
    admitBlocked();
    notifyWorker(now);
    lock.unlock();
    ready.clear();  // pixels of images that have ended
    requests.clear();
    images.clear();
    lock.lock();
  }
}

}  // namespace trtyolo
