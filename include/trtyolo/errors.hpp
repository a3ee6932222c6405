// What this library throws. A bad argument throws std::invalid_argument; everything else that goes wrong throws
// trtyolo::Error or a class derived from it. A call that throws leaves its object as it was, and usable.
#pragma once

#include <stdexcept>

#include "api.hpp"

namespace trtyolo {

/// Base of all that this library throws for reasons other than a bad argument. what() names the file, tensor or device
/// that was looked at, what was expected and what was found.
class TRTYOLO_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

/// A model file cannot be read, is not a model, is made for another task, or has outputs that are not understood.
class TRTYOLO_API ModelError : public Error {
 public:
  using Error::Error;
  ~ModelError() override;
};

/// A model object was used by two threads at once. The call that came second throws; the first is not disturbed.
/// Give each thread its own clone().
class TRTYOLO_API BusyError : public Error {
 public:
  using Error::Error;
  ~BusyError() override;
};

/// The backend failed while it ran the network.
class TRTYOLO_API InferenceError : public Error {
 public:
  using Error::Error;
  ~InferenceError() override;
};

/// A GPU is missing, has no memory left, or failed; what() says what was being done on which device.
class TRTYOLO_API DeviceError : public Error {
 public:
  using Error::Error;
  ~DeviceError() override;
};

/// Encoded bytes are no image, are damaged, or hold more pixels than their decoder takes.
class TRTYOLO_API DecodeError : public Error {
 public:
  using Error::Error;
  ~DecodeError() override;
};

/// The queue of a pool is full, and the pool rejects images then (QueueFullPolicy::Reject).
class TRTYOLO_API QueueFullError : public Error {
 public:
  using Error::Error;
  ~QueueFullError() override;
};

/// The deadline of an image passed while it waited in a pool; it was not run.
class TRTYOLO_API DeadlineError : public Error {
 public:
  using Error::Error;
  ~DeadlineError() override;
};

/// An image was cancelled while it waited in a pool; it was not run.
class TRTYOLO_API CancelledError : public Error {
 public:
  using Error::Error;
  ~CancelledError() override;
};

/// A pool is closed, or was closed with CloseMode::Drop while the image waited; it was not run.
class TRTYOLO_API ClosedError : public Error {
 public:
  using Error::Error;
  ~ClosedError() override;
};

}  // namespace trtyolo
