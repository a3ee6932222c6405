// What is in an MP4 file that FFmpeg has written.
#pragma once

#include <string>

namespace app {

/// How many frames the index of the one video in the file names; 0 if there is no index, as of a file that did not fit
/// on the disk, or if what it is about is not all there.
long framesInMp4(const std::string& file);

}  // namespace app
