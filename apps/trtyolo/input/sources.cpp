// From the words of the command line to images: see sources.hpp.
#include "input/sources.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <filesystem>
#include <iterator>
#include <opencv2/imgcodecs.hpp>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "input/frame_reader.hpp"
#include "input/image_file.hpp"
#include "input/url.hpp"
#include "pipeline/threads.hpp"

namespace fs = std::filesystem;

namespace app {
namespace {

constexpr std::array kImageExtensions{".apng", ".avif", ".bmp", ".dib", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg",
                                      ".mpo",  ".pbm",  ".pgm", ".png", ".pnm",  ".ppm", ".tif", ".tiff", ".webp"};
constexpr std::array kVideoExtensions{".3gp", ".asf",  ".avi", ".flv", ".gif", ".m2ts", ".m4v",  ".mkv", ".mov",
                                      ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts",   ".webm", ".wmv"};
constexpr std::size_t kAskers = 16;  // web servers that are asked at once
constexpr const char* kNothingInside = "no image or video in it";

SourceKind kindByExtension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  const auto among = [&](const auto& list) { return std::find(list.begin(), list.end(), extension) != list.end(); };
  if (among(kImageExtensions)) return SourceKind::Image;
  if (among(kVideoExtensions)) return SourceKind::Video;
  return SourceKind::Missing;
}

/// Of a file that was named itself, whatever it is called.
SourceKind kindOfFile(const std::string& file) {
  const SourceKind kind = kindByExtension(file);
  if (kind != SourceKind::Missing) return kind;
  if (fs::is_fifo(file)) return SourceKind::Image;  // a pipe can be read once only
  return cv::haveImageReader(file) ? SourceKind::Image : SourceKind::Video;
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
    if (kind != SourceKind::Missing) sources.push_back({kind, path.string()});
  }
  if (error) return {{SourceKind::Missing, folder, "the folder cannot be read: " + error.message()}};
  sortNaturally(sources);
  if (sources.empty())
    sources.push_back({SourceKind::Missing, folder, std::string("the folder has ") + kNothingInside});
  return sources;
}

constexpr const char* kMagic = "*?[";

using Parts = std::vector<std::string>;

/// The files of `folder` that the parts of a pattern from `part` on match. Links to folders are not followed by **.
void match(const fs::path& folder, const Parts& parts, std::size_t part, std::set<std::string>& found) {
  std::error_code error;
  if (part == parts.size()) {
    if (fs::is_regular_file(folder, error)) found.insert(folder.string());
    return;
  }
  const std::string& pattern = parts[part];
  const bool any = pattern == "**";
  if (pattern.find_first_of(kMagic) == std::string::npos) return match(folder / pattern, parts, part + 1, found);
  if (any && part + 1 < parts.size()) match(folder, parts, part + 1, found);
  const fs::path here = folder.empty() ? fs::path(".") : folder;
  for (fs::directory_iterator entry(here, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (any && name.front() != '.' && entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
      match(folder / name, parts, part, found);
    }
    if (any && part + 1 < parts.size()) continue;
    if (fnmatch(any ? "*" : pattern.c_str(), name.c_str(), FNM_PERIOD | FNM_NOESCAPE) == 0) {
      match(folder / name, parts, part + 1, found);
    }
  }
}

std::vector<Source> matching(const std::string& pattern) {
  Parts parts;
  for (const fs::path& part : fs::path(pattern).relative_path()) parts.push_back(part.string());
  std::set<std::string> found;
  match(fs::path(pattern).root_path(), parts, 0, found);
  std::vector<Source> sources;
  for (const std::string& path : found) {
    const SourceKind kind = kindByExtension(path);
    if (kind != SourceKind::Missing) sources.push_back({kind, path});
  }
  sortNaturally(sources);
  if (sources.empty()) sources.push_back({SourceKind::Missing, pattern, "no image or video has a name like this"});
  return sources;
}

Source fromUrl(const std::string& url) {
  Source source{SourceKind::Stream, withoutPasswords(url)};
  if (source.name != url) source.address = url;
  return source;
}

/// Asks the web server whether a picture is behind the URL, which is then no stream.
void askForPicture(Source& source) {
  const std::string url = source.place();
  const bool named = kindByExtension(pathOfUrl(url)) == SourceKind::Image;
  const WebAnswer answer = askWebServer(url);
  const bool untold = answer.type.empty() || answer.type == "application/octet-stream" || answer.type == "text/plain";
  source.webFile = answer.known && answer.whole && answer.type.find("mpegurl") == std::string::npos;
  if (answer.known && !untold) {
    const bool frames = answer.type == "image/gif" || answer.type == "image/apng";  // which FFmpeg fetches
    if (answer.type.starts_with("image/") && !frames) source.kind = SourceKind::Image;
    return;
  }
  source.unclear = !answer.known;
  if (!named && !answer.known && !answer.gone) return;  // a camera may count its connections: the reader finds out
  try {
    if (auto content = fetch(url, true);
        content && trtyolo::imageContent(encoded(*content)) != trtyolo::ImageContent::Animation) {
      source.kind = SourceKind::Image;
      source.content = std::make_shared<const Bytes>(std::move(*content));
    }
  } catch (const std::runtime_error& error) {
    if (!named && !answer.gone) return;
    source.kind = SourceKind::Missing;
    source.error = error.what();
  }
}

std::vector<Source> fromArgument(const std::string& argument) {
  std::error_code error;
  const fs::file_status status = fs::status(argument, error);
  if (fs::is_directory(status)) return inFolder(argument);
  if (fs::exists(status)) return {{kindOfFile(argument), argument}};
  if (argument.starts_with("file://")) return fromArgument(pathOfUrl(argument));
  if (argument.find("://") != std::string::npos) return {fromUrl(argument)};
  if (!argument.empty() && argument.size() < 4 && std::all_of(argument.begin(), argument.end(), isDigit)) {
    return {{SourceKind::Camera, argument}};
  }
  if (argument.find_first_of(kMagic) != std::string::npos) return matching(argument);
  return {{SourceKind::Missing, argument, error ? error.message() : "no such file or folder"}};
}

}  // namespace

std::vector<Source> findSources(const std::vector<std::string>& arguments) {
  std::vector<Source> sources;
  for (const std::string& argument : arguments) {
    std::vector<Source> more = fromArgument(argument);
    std::move(more.begin(), more.end(), std::back_inserter(sources));
  }
  std::vector<Source*> urls;
  for (Source& source : sources) {
    if (source.kind == SourceKind::Stream && isWebUrl(source.name)) urls.push_back(&source);
  }
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> askers;
  while (askers.size() < std::min(urls.size(), kAskers)) {
    askers.push_back(startThread([&] {
      for (std::size_t i = next++; i < urls.size(); i = next++) {
        try {
          askForPicture(*urls[i]);
        } catch (const std::exception&) {  // it stays a stream, and opening it tells more
        }
      }
    }));
  }
  askers.clear();
  return sources;
}

bool isFile(const Source& source) {
  std::error_code error;
  return source.kind == SourceKind::Image && !source.content && fs::is_regular_file(source.name, error);
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
      const long length = FrameReader(source, {}).length();
      if (length == 0) return 0;
      count += length;
    } catch (const std::runtime_error&) {
      ++count;  // its error is reported when its turn comes
    }
  }
  return count;
}

}  // namespace app
