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

// For which device an image is to be decoded next: the one that has least to do that only it can do. None if there is
// no image, or no room: no more are decoded than are needed soon, as their pixels take memory.
std::optional<std::size_t> Scheduler::decodeDevice() const {
  const std::size_t ahead = settings_.decoding.ahead;
  if (encoded_.empty() || waiting_ - encoded_.size() >= ahead * working_) {
    return std::nullopt;
  }
  const Device* found = nullptr;
  for (const Device& device : devices_) {
    if (!device.failure && device.ownImages < ahead && (!found || device.ownImages < found->ownImages)) {
      found = &device;
    }
  }
  return found ? std::optional(indexOf(*found)) : std::nullopt;
}

// To be called after every change that may let decoding begin.
void Scheduler::notifyDecoder() {
  if (decodeDevice()) {
    decode_.notify_one();
  }
}

// Gives the device that they are to be decoded for, if there are any.
std::size_t Scheduler::takeEncoded(std::vector<RequestPtr>& requests, std::vector<EncodedImage>& images) {
  const std::optional<std::size_t> device = decodeDevice();
  if (!device) {
    return 0;
  }
  const DecodeStage& stage = settings_.decoding;
  std::size_t room = std::min(stage.batch, stage.ahead - devices_[*device].ownImages);
  for (; room > 0 && decodeDevice(); --room) {
    PoolRequest& request = *encoded_.front();
    requests.push_back(encoded_.front());
    images.push_back(*request.encoded);
    request.stage = PoolRequest::Stage::Decoding;
    request.beingDecoded = true;
    request.device = device;
    ++devices_[*device].ownImages;
    decoding_.splice(decoding_.end(), encoded_, request.place);
  }
  notifyDecoder();
  return *device;
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
    const std::size_t device = takeEncoded(requests, images);
    if (requests.empty()) {
      if (atEnd()) {
        return;
      }
      decode_.wait(lock);
      continue;
    }
    lock.unlock();
    const Clock::time_point start = Clock::now();
    std::vector<ReadyImage> ready = decode(images, device);
    lock.lock();
    const Clock::time_point now = Clock::now();
    decodes_.add(std::chrono::duration<double, std::milli>(now - start).count());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      finishDecoding(requests[i], ready[i]);
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

// One answer for each image. An error may be the device's.
std::vector<ReadyImage> Scheduler::decode(std::span<const EncodedImage> images, std::size_t device) {
  std::vector<ReadyImage> ready;
  try {
    ready = settings_.decoding.decode(images, device);
  } catch (...) {
    ready.assign(images.size(), {{}, nullptr, std::current_exception()});
  }
  const auto failed = std::find_if(ready.begin(), ready.end(), [](const ReadyImage& image) { return image.error; });
  if (failed != ready.end() && devices_.size() > 1 && !devices_[device].works()) {
    leaveOut(devices_[device], failed->error);
  }
  return ready;
}

void Scheduler::finishDecoding(const RequestPtr& request, ReadyImage& image) {
  request->beingDecoded = false;
  countDecoded(image);
  if (request->stage != PoolRequest::Stage::Decoding) {
    releaseOwner(request);
    return;
  }
  Device& device = devices_[*request->device];
  const bool onDevice = devices_.size() > 1 && image.view.memory == ImageMemory::Device;
  const bool again = device.failure && (image.error || onDevice);
  if (image.error && !again) {
    ++counts_.failed;
    end(*request, image.error);
    return;
  }
  --device.ownImages;
  if (again) {
    decodeAgain(*request, decoding_);
    return;
  }
  request->image = image.view;
  request->box = settings_.decoding.fit(request->image.wholeSize());
  request->pixels.swap(image.owner);  // those of a device that has failed go without the lock
  if (!onDevice) {
    request->device.reset();
  }
  joinGroup(*request, decoding_);
}

}  // namespace trtyolo
