// Destructors of the error types: here, so that their type information is in one library only and catch clauses match
// across library borders.
#include "trtyolo/errors.hpp"

namespace trtyolo {

Error::~Error() = default;
ModelError::~ModelError() = default;
BusyError::~BusyError() = default;
InferenceError::~InferenceError() = default;
DeviceError::~DeviceError() = default;
DecodeError::~DecodeError() = default;
QueueFullError::~QueueFullError() = default;
DeadlineError::~DeadlineError() = default;
CancelledError::~CancelledError() = default;
ClosedError::~ClosedError() = default;

}  // namespace trtyolo
