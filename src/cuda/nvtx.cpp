#include "cuda/nvtx.hpp"

#if __has_include(<nvtx3/nvToolsExt.h>)

#include <nvtx3/nvToolsExt.h>

#include "base/trace.hpp"

namespace trtyolo::cuda {
namespace {

void mark(const char* part, bool begins) {
  static nvtxDomainRegistration* const domain = nvtxDomainCreateA("trtyolo");
  if (!begins) {
    nvtxDomainRangePop(domain);
    return;
  }
  nvtxEventAttributes_t range{};
  range.version = NVTX_VERSION;
  range.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  range.messageType = NVTX_MESSAGE_TYPE_ASCII;
  range.message.ascii = part;
  nvtxDomainRangePushEx(domain, &range);
}

}  // namespace

void traceByNvtx() {
  setDefaultTrace(&mark);
}

}  // namespace trtyolo::cuda

#else

namespace trtyolo::cuda {

void traceByNvtx() {}

}  // namespace trtyolo::cuda

#endif
