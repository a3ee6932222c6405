// Names of output files: see names.hpp.
#include "names.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>

namespace fs = std::filesystem;

namespace app {

OutputNames::OutputNames(const std::string& folder, const std::vector<Source>& sources) : folder_(folder) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(folder, error);
  for (const Source& source : sources) {
    if (source.kind != SourceKind::Picture && source.kind != SourceKind::Video) continue;
    const fs::path file = fs::weakly_canonical(source.name, error);
    if (!error && file.parent_path() == whole) taken_.insert(file.filename().string());
  }
}

std::string OutputNames::claim(const std::string& stem, const std::string& extension) {
  std::string name = stem + extension;
  for (int number = 2; !taken_.insert(name).second; ++number) name = stem + "_" + std::to_string(number) + extension;
  return (fs::path(folder_) / name).string();
}

std::string stemOf(const Source& source) {
  if (source.kind == SourceKind::Camera) return "camera" + source.name;
  if (source.kind != SourceKind::Stream) return fs::path(source.name).stem().string();
  std::string stem = source.name.substr(source.name.find("://") + 3);
  const std::size_t user = stem.substr(0, stem.find('/')).rfind('@');
  if (user != std::string::npos) stem.erase(0, user + 1);  // no password in a file name
  std::replace_if(
      stem.begin(), stem.end(), [](unsigned char letter) { return std::isalnum(letter) == 0; }, '_');
  stem.resize(std::min<std::size_t>(stem.size(), 100));
  return stem;
}

std::string pictureExtension(const Source& source) {
  const std::string extension = fs::path(source.name).extension().string();
  return !extension.empty() && cv::haveImageWriter("x" + extension) ? extension : ".jpg";
}

}  // namespace app
