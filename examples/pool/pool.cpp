// Many callers, one pool: pool MODEL FOLDER...
#include "trtyolo/pool.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <mutex>
#include <opencv2/imgcodecs.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace {

using Files = std::vector<std::filesystem::path>;

Files filesOf(const std::string& folder) {
  Files files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Goes over files, and reads each when the pool asks for it.
struct Pictures {
  Files::const_iterator file;

  bool operator!=(const Pictures& other) const { return file != other.file; }
  Pictures& operator++() {
    ++file;
    return *this;
  }
  trtyolo::OwnedImage operator*() const {
    auto picture = std::make_shared<cv::Mat>(cv::imread(file->string()));
    if (picture->empty()) {
      throw std::runtime_error(file->string() + ": not an image that OpenCV can read");
    }
    const trtyolo::Image image = trtyolo::view(*picture);
    return {image, std::move(picture)};  // the pool keeps it for as long as it needs it
  }
};

// What one caller does.
void work(trtyolo::Pool<trtyolo::DetectModel>& pool, const std::string& folder) {
  static std::mutex printing;
  std::ostringstream lines;
  try {
    const Files files = filesOf(folder);
    auto file = files.begin();
    pool.map(Pictures{files.begin()}, Pictures{files.end()}, [&](const trtyolo::DetResult& result) {
      lines << (file++)->string() << ": " << result.num << " objects\n";
    });
  } catch (const std::exception& error) {
    lines << folder << ": " << error.what() << '\n';
  }
  const std::lock_guard<std::mutex> lock(printing);
  std::cout << lines.str();
}

void run(const std::string& file, const std::vector<std::string>& folders) {
  trtyolo::InferOption option;
  option.enableSwapRB();  // OpenCV's images are BGR, the network wants RGB
  option.setStreams(0);   // as many runs side by side as suit the machine
  const trtyolo::DetectModel model(file, option);
  trtyolo::Pool<trtyolo::DetectModel> pool(model);
  std::vector<std::thread> callers;
  for (const std::string& folder : folders) {
    callers.emplace_back([&pool, &folder] { work(pool, folder); });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
  std::cout << trtyolo::prometheus({{"example", pool.metrics()}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: pool MODEL FOLDER...\n";
    return 2;
  }
  try {
    run(argv[1], {argv + 2, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "pool: " << error.what() << '\n';
    return 1;
  }
}
