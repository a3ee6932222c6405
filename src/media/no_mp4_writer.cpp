// Where the program is built without FFmpeg, and so has no video to write.
#include <stdexcept>

#include "media/ffmpeg/mp4_writer.hpp"

namespace trtyolo::media {

class Mp4Writer::Impl {};

Mp4Writer::Mp4Writer(const std::string& /*file*/, int /*width*/, int /*height*/, double /*rate*/) {
  throw std::runtime_error("this program was built without FFmpeg, which writes videos");
}
Mp4Writer::~Mp4Writer() = default;

// No writer can be made, so none of these is ever called.
void Mp4Writer::write(const Image& /*image*/, long /*times*/) {}
void Mp4Writer::finish(const std::string& /*whole*/) {}

}  // namespace trtyolo::media
