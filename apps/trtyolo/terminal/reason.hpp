// What an exception means to the user.
#pragma once

#include <exception>
#include <new>
#include <opencv2/core.hpp>
#include <string>

namespace app {

/// The reason in words, without what only OpenCV's developers want to know.
inline std::string reasonOf(const std::exception& error) {
  constexpr const char* kNoMemory = "there is not enough memory for it";
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return kNoMemory;
  const auto* const ofOpenCv = dynamic_cast<const cv::Exception*>(&error);
  if (ofOpenCv == nullptr) return error.what();
  if (ofOpenCv->code == cv::Error::StsNoMem) return kNoMemory;
  return ofOpenCv->err.empty() ? ofOpenCv->msg : ofOpenCv->err;
}

}  // namespace app
