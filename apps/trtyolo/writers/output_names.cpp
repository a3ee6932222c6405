// Names of output files: see output_names.hpp.
#include "writers/output_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>

#include "input/url.hpp"

namespace fs = std::filesystem;

namespace app {
namespace {

constexpr std::size_t kLongestName = 255;  // bytes that file systems take
constexpr std::size_t kBehind = 20;        // for numbers and the extension
constexpr std::size_t kLongestOfUrl = 100;

/// The first bytes of a name, without half a character at the end.
std::string shortened(const std::string& name, std::size_t most) {
  if (name.size() <= most) return name;
  const auto continues = [&](std::size_t i) { return (static_cast<unsigned char>(name[i]) & 0xC0U) == 0x80U; };
  std::size_t end = most;
  while (end > 0 && most - end < 4 && continues(end)) --end;
  return name.substr(0, continues(end) ? most : end);
}

bool isNumbered(const std::string& name, const std::string& series) {
  return name.size() > series.size() + 1 && name.starts_with(series) && name[series.size()] == '_' &&
         std::all_of(name.begin() + static_cast<std::ptrdiff_t>(series.size()) + 1, name.end(),
                     [](unsigned char letter) { return std::isdigit(letter) != 0; });
}

/// The file's name in a path or URL.
fs::path fileOf(const Source& source) {
  return isWebUrl(source.name) && !fs::exists(source.name) ? fs::path(pathOfUrl(source.name)).filename()
                                                           : fs::path(source.name).filename();
}

}  // namespace

OutputNames::OutputNames(const std::string& folder, const std::vector<Source>& sources) : folder_(folder) {
  if (folder.empty()) return;
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(folder, error);
  for (const Source& source : sources) {
    if (source.kind != SourceKind::Image && source.kind != SourceKind::Video) continue;
    const fs::path file = fs::weakly_canonical(source.name, error);
    if (!error && file.parent_path() == whole) taken_.insert(file.stem().string());
  }
}

std::string OutputNames::claim(const std::string& stem, bool several) {
  const std::string whole = shortened(stem, kLongestName - kBehind);
  // NAME_2 would be the second frame of a video NAME.
  const std::string between = series_.contains(whole) ? "-" : "_";
  std::string name = whole;
  if (!isFree(name, several)) {
    // Names that were taken stay taken.
    int& number = numbers_.try_emplace({whole + between, several}, 1).first->second;
    do {
      name = whole + between + std::to_string(++number);
    } while (!isFree(name, several));
  }
  taken_.insert(name);
  if (several) series_.insert(name);
  return name;
}

bool OutputNames::isFree(const std::string& name, bool several) const {
  if (taken_.contains(name)) return false;
  const std::string series = name.substr(0, std::min(name.rfind('_'), name.size()));
  if (series_.contains(series) && isNumbered(name, series)) return false;
  if (!several) return true;
  const std::string begin = name + "_";
  for (auto other = taken_.lower_bound(begin); other != taken_.end() && other->starts_with(begin); ++other) {
    if (isNumbered(*other, name)) return false;
  }
  return true;
}

std::string OutputNames::saveAs(const Item& item) const {
  if (folder_.empty()) return "";
  return (fs::path(folder_) / (item.video ? item.name + ".mp4" : item.fileName() + imageExtension(*item.source)))
      .string();
}

std::string stemOf(const Source& source) {
  if (source.kind == SourceKind::Camera) return "camera" + source.name;
  if (source.kind != SourceKind::Stream) {
    const std::string stem = fileOf(source).stem().string();
    return stem.empty() || stem.find('/') != std::string::npos ? "image" : stem;
  }
  std::string stem = source.name.substr(source.name.find("://") + 3);
  const std::size_t user = stem.substr(0, stem.find('/')).rfind('@');
  if (user != std::string::npos) stem.erase(0, user + 1);  // no password in a file name
  std::replace_if(
      stem.begin(), stem.end(), [](unsigned char letter) { return std::isalnum(letter) == 0; }, '_');
  stem.resize(std::min(stem.size(), kLongestOfUrl));
  return stem;
}

std::string imageExtension(const Source& source) {
  constexpr std::array kInColour{".bmp", ".dib", ".jp2", ".jpe",  ".jpeg", ".jpg", ".png",
                                 ".pnm", ".ppm", ".tif", ".tiff", ".webp", ".avif"};
  std::string extension = fileOf(source).extension().string();
  std::string small = extension;
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  if (std::find(kInColour.begin(), kInColour.end(), small) != kInColour.end() && cv::haveImageWriter("x" + small)) {
    return extension;
  }
  return small == ".pgm" || small == ".pbm" || small == ".apng" || small == ".gif" ? ".png" : ".jpg";
}

}  // namespace app
