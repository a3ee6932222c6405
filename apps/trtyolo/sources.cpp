// From the command line's words to pictures: see sources.hpp.
#include "sources.hpp"

#include <glob.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio/registry.hpp>
#include <stdexcept>

namespace fs = std::filesystem;

namespace app {
namespace {

constexpr std::array kPictureExtensions{".bmp", ".dib", ".jp2", ".jpe", ".jpeg", ".jpg",  ".pbm",
                                        ".pgm", ".png", ".pnm", ".ppm", ".tif",  ".tiff", ".webp"};
constexpr std::array kVideoExtensions{".3gp", ".asf",  ".avi", ".flv", ".gif", ".m2ts", ".m4v",  ".mkv", ".mov",
                                      ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts",   ".webm", ".wmv"};
constexpr const char* kNothingInside = "no picture or video in it";
constexpr int kNetworkTimeout = 15000;  // milliseconds

SourceKind kindByExtension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  const auto among = [&](const auto& list) { return std::find(list.begin(), list.end(), extension) != list.end(); };
  if (among(kPictureExtensions)) return SourceKind::Picture;
  if (among(kVideoExtensions)) return SourceKind::Video;
  return SourceKind::Missing;
}

/// Of a file that was named itself, whatever it is called.
SourceKind kindOfFile(const std::string& file) {
  const SourceKind kind = kindByExtension(file);
  if (kind != SourceKind::Missing) return kind;
  return cv::haveImageReader(file) ? SourceKind::Picture : SourceKind::Video;
}

bool isDigit(char letter) {
  return letter >= '0' && letter <= '9';
}

/// As people count: 2.jpg comes before 10.jpg.
bool naturalLess(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!isDigit(a[i]) || !isDigit(b[j])) {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i, ++j;
      continue;
    }
    const auto digits = [](const std::string& text, std::size_t& position) {
      while (position < text.size() && text[position] == '0') ++position;
      const std::size_t begin = position;
      while (position < text.size() && isDigit(text[position])) ++position;
      return text.substr(begin, position - begin);
    };
    const std::string first = digits(a, i), second = digits(b, j);
    if (first.size() != second.size()) return first.size() < second.size();
    if (first != second) return first < second;
  }
  if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
  return a < b;  // 01 and 1
}

void sortNaturally(std::vector<Source>& sources) {
  std::sort(sources.begin(), sources.end(),
            [](const Source& a, const Source& b) { return naturalLess(a.name, b.name); });
}

std::vector<Source> inFolder(const std::string& folder) {
  std::error_code error;
  std::vector<Source> sources;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    std::error_code unreadable;
    if (path.filename().string().front() == '.' || !entry->is_regular_file(unreadable)) continue;
    const SourceKind kind = kindByExtension(path);
    if (kind != SourceKind::Missing) sources.push_back({kind, path.string(), ""});
  }
  if (error) return {{SourceKind::Missing, folder, "the folder cannot be read: " + error.message()}};
  sortNaturally(sources);
  if (sources.empty())
    sources.push_back({SourceKind::Missing, folder, std::string("the folder has ") + kNothingInside});
  return sources;
}

std::vector<Source> matching(const std::string& pattern) {
  glob_t found{};
  const int status = glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<Source> sources;
  for (std::size_t i = 0; status == 0 && i < found.gl_pathc; ++i) {
    const std::string path = found.gl_pathv[i];
    const SourceKind kind = kindByExtension(path);
    if (kind != SourceKind::Missing && fs::is_regular_file(path)) sources.push_back({kind, path, ""});
  }
  globfree(&found);
  sortNaturally(sources);
  if (sources.empty()) sources.push_back({SourceKind::Missing, pattern, "no picture or video has a name like this"});
  return sources;
}

std::vector<Source> fromArgument(const std::string& argument) {
  if (argument.find("://") != std::string::npos) return {{SourceKind::Stream, argument, ""}};
  std::error_code error;
  const fs::file_status status = fs::status(argument, error);
  if (fs::is_directory(status)) return inFolder(argument);
  if (fs::exists(status)) return {{kindOfFile(argument), argument, ""}};
  if (!argument.empty() && argument.size() < 4 && std::all_of(argument.begin(), argument.end(), isDigit)) {
    return {{SourceKind::Camera, argument, ""}};
  }
  if (argument.find_first_of("*?[") != std::string::npos) return matching(argument);
  return {{SourceKind::Missing, argument, error ? error.message() : "no such file or folder"}};
}

}  // namespace

std::vector<Source> findSources(const std::vector<std::string>& arguments) {
  std::vector<Source> sources;
  for (const std::string& argument : arguments) {
    std::vector<Source> more = fromArgument(argument);
    std::move(more.begin(), more.end(), std::back_inserter(sources));
  }
  return sources;
}

cv::Mat readPicture(const std::string& file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error(std::string("cannot be opened: ") + std::strerror(errno));
  std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  if (stream.bad()) throw std::runtime_error(std::string("cannot be read: ") + std::strerror(errno));
  if (bytes.empty()) throw std::runtime_error("the file is empty");
  cv::Mat picture;
  try {
    picture = cv::imdecode(bytes, cv::IMREAD_COLOR);
  } catch (const cv::Exception& error) {
    throw std::runtime_error("OpenCV cannot decode the picture: " + error.err);
  }
  if (picture.empty()) throw std::runtime_error("not a picture that OpenCV can read, or damaged");
  return picture;
}

int videoBackend() {
  return cv::videoio_registry::hasBackend(cv::CAP_FFMPEG) ? cv::CAP_FFMPEG : cv::CAP_ANY;
}

FrameReader::FrameReader(const Source& source) {
  const int backend = videoBackend();
  try {
    if (source.kind == SourceKind::Camera) {
      capture_.open(std::stoi(source.name));
    } else if (source.kind == SourceKind::Stream && backend == cv::CAP_FFMPEG) {
      capture_.open(source.name, backend,
                    {cv::CAP_PROP_OPEN_TIMEOUT_MSEC, kNetworkTimeout, cv::CAP_PROP_READ_TIMEOUT_MSEC, kNetworkTimeout});
    } else {
      capture_.open(source.name, backend);
    }
  } catch (const cv::Exception& error) {
    throw std::runtime_error("OpenCV cannot open it: " + error.err);
  }
  if (!capture_.isOpened()) {
    if (source.kind == SourceKind::Camera) throw std::runtime_error("camera " + source.name + " cannot be opened");
    if (source.kind == SourceKind::Stream) throw std::runtime_error("the stream cannot be opened");
    std::error_code error;
    if (fs::file_size(source.name, error) == 0 && !error) throw std::runtime_error("the file is empty");
    throw std::runtime_error("neither a picture nor a video that OpenCV can read, or damaged");
  }
  const double rate = capture_.get(cv::CAP_PROP_FPS), length = capture_.get(cv::CAP_PROP_FRAME_COUNT);
  if (std::isfinite(rate) && rate > 0) rate_ = rate;
  if (std::isfinite(length) && length > 0) length_ = std::lround(length);
  live_ = source.kind == SourceKind::Camera || (source.kind == SourceKind::Stream && length_ == 0);
}

void warnIfCutOff(const Source& source, const FrameReader& frames, long count) {
  const long length = frames.length();
  // Headers may be off by a few frames; a file that was cut off lacks many.
  if (count >= length - length / 50 - 2) return;
  spdlog::warn("{}: the file says that it has {} frames, and only {} can be read", source.name, length, count);
}

long countImages(const std::vector<Source>& sources) {
  long count = 0;
  for (const Source& source : sources) {
    if (source.kind == SourceKind::Camera || source.kind == SourceKind::Stream) return 0;
    if (source.kind != SourceKind::Video) {
      ++count;
      continue;
    }
    try {
      const long length = FrameReader(source).length();
      if (length == 0) return 0;
      count += length;
    } catch (const std::runtime_error&) {
      ++count;  // its error is reported when its turn comes
    }
  }
  return count;
}

}  // namespace app
