// nvImageCodec's shared library, opened when it is first needed.
#pragma once

#include <nvimgcodec.h>

#include <string>

namespace trtyolo::media {

// Its functions. They stay for as long as the process: the library has threads and handles of its own.
struct NvImageCodec {
  // Looks for it in `place` (the library or its folder) if that is given; else in the folder that NvImageCodec_ROOT in
  // the environment names, then as the loader finds it. Throws DeviceError, which says what was looked for, also if it
  // is older than what this was built against.
  explicit NvImageCodec(const std::string& place);

  decltype(&nvimgcodecGetProperties) getProperties;
  decltype(&nvimgcodecInstanceCreate) instanceCreate;
  decltype(&nvimgcodecInstanceDestroy) instanceDestroy;
  decltype(&nvimgcodecExtensionCreate) extensionCreate;
  decltype(&nvimgcodecExtensionDestroy) extensionDestroy;
  decltype(&nvimgcodecFutureWaitForAll) futureWaitForAll;
  decltype(&nvimgcodecFutureDestroy) futureDestroy;
  decltype(&nvimgcodecFutureGetProcessingStatus) futureGetProcessingStatus;
  decltype(&nvimgcodecImageCreate) imageCreate;
  decltype(&nvimgcodecImageDestroy) imageDestroy;
  decltype(&nvimgcodecCodeStreamCreateFromHostMem) codeStreamCreateFromHostMem;
  decltype(&nvimgcodecCodeStreamDestroy) codeStreamDestroy;
  decltype(&nvimgcodecCodeStreamGetImageInfo) codeStreamGetImageInfo;
  decltype(&nvimgcodecDecoderCreate) decoderCreate;
  decltype(&nvimgcodecDecoderDestroy) decoderDestroy;
  decltype(&nvimgcodecDecoderDecode) decoderDecode;
};

// nvImageCodec at work, with its extension for JPEG alone: the others would complain on standard error about libraries
// that nobody needs here.
class NvImageCodecInstance {
 public:
  // As NvImageCodec; also throws DeviceError if nvJPEG, which does the work, cannot be loaded.
  explicit NvImageCodecInstance(const std::string& place);
  ~NvImageCodecInstance();
  NvImageCodecInstance(const NvImageCodecInstance&) = delete;
  NvImageCodecInstance& operator=(const NvImageCodecInstance&) = delete;

  const NvImageCodec& functions() const { return functions_; }
  nvimgcodecInstance_t get() const { return instance_; }

 private:
  NvImageCodec functions_;
  nvimgcodecInstance_t instance_ = nullptr;
  nvimgcodecExtension_t jpeg_ = nullptr;
};

// Throws DeviceError unless it is success; `doing` begins its message.
void check(nvimgcodecStatus_t status, const char* doing);

// A structure of its interface, which says what and how large it is.
template <typename Structure>
Structure structure(nvimgcodecStructureType_t type) {
  Structure made{};
  made.struct_type = type;
  made.struct_size = sizeof(Structure);
  return made;
}

}  // namespace trtyolo::media
