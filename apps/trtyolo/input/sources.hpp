// What predict reads: from the words of the command line to images and videos.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace app {

enum class SourceKind { Image, Video, Camera, Stream, Missing };

/// One image, video, camera or stream.
struct Source {
  SourceKind kind = SourceKind::Missing;
  /// Path or URL as given (in a folder: the folder's path and the file's name), without user and password; number of a
  /// camera. For messages and results.
  std::string name;
  std::string error = {};    ///< of a Missing one: why there is nothing to read
  std::string address = {};  ///< of a URL with user and password: all of it
  bool webFile = false;      ///< a stream that is a file on a web server, so that it ends
  bool unclear = false;      ///< a stream whose server does not say what it is: it may be one picture
  /// Of a picture that had to be fetched to learn that it is one.
  std::shared_ptr<const std::vector<unsigned char>> content = {};

  /// What is to be opened.
  const std::string& place() const { return address.empty() ? name : address; }
};

/// True if the source has frames, not just one image.
inline bool hasFrames(const Source& source) {
  return source.kind == SourceKind::Video || source.kind == SourceKind::Camera || source.kind == SourceKind::Stream;
}

/// True if the source is an image in a file that can be opened several times: no pipe, and nothing from the web.
bool isFile(const Source& source);

/// The sources that `arguments` name, in their order: files, folders (their images and videos in natural order, not
/// those of folders inside), patterns with * ? [ ] and ** (folders in folders), numbers of cameras, URLs. Does not open
/// files; asks web servers whether there is a picture behind a URL, all at once. What does not exist, and a folder or
/// pattern without an image or video, becomes a Missing source.
std::vector<Source> findSources(const std::vector<std::string>& arguments);

/// How many images and frames the sources hold, as far as the headers of videos tell; 0 if that is not known.
long countImages(const std::vector<Source>& sources);

}  // namespace app
