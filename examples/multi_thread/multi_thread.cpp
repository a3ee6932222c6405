// Many threads, a clone each, over a folder of images or a video: multi_thread MODEL FOLDER|VIDEO [THREADS]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace {

struct Item {
  std::size_t index = 0;  // from 0, in the order of the source
  std::string name;
  cv::Mat picture;  // empty if it could not be read
};

// Images of a folder by name, or frames of a video. Any thread may ask for the next one.
class Source {
 public:
  explicit Source(const std::string& path) {
    if (std::filesystem::is_directory(path)) {
      for (const auto& entry : std::filesystem::directory_iterator(path)) {
        if (entry.is_regular_file()) {
          files_.push_back(entry.path());
        }
      }
      std::sort(files_.begin(), files_.end());
    } else if (!video_.open(path, cv::CAP_FFMPEG)) {  // GStreamer would wait without end for a damaged file
      throw std::runtime_error(path + ": neither a folder nor a video that OpenCV can read");
    }
  }

  // The next image, or nothing at the end.
  std::optional<Item> next() {
    Item item;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      item.index = taken_;
      if (video_.isOpened()) {
        // Into a cv::Mat of its own: other threads still work on the frames before.
        if (!video_.read(item.picture)) {
          return std::nullopt;
        }
        item.name = "frame " + std::to_string(taken_);
      } else if (taken_ < files_.size()) {
        item.name = files_[taken_].filename().string();
      } else {
        return std::nullopt;
      }
      ++taken_;
    }
    if (item.picture.empty()) {  // decoding a file needs no lock: threads do it side by side
      item.picture = cv::imread(files_[item.index].string());
    }
    return item;
  }

 private:
  std::mutex mutex_;
  std::vector<std::filesystem::path> files_;
  cv::VideoCapture video_;
  std::size_t taken_ = 0;
};

// Prints lines in the order of their index, whichever comes first, and how far things are.
class Report {
 public:
  void add(std::size_t index, std::string line) {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.emplace(index, std::move(line));
    while (!waiting_.empty() && waiting_.begin()->first == printed_) {
      std::cout << waiting_.begin()->second << '\n';
      waiting_.erase(waiting_.begin());
      ++printed_;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - told_ >= std::chrono::seconds(1)) {
      told_ = now;
      std::cerr << printed_ << " images, " << perSecond(now) << " images/s\n";
    }
  }

  // The last line; call it when no thread adds any more.
  void finish() const {
    std::cout << printed_ << " images, " << perSecond(std::chrono::steady_clock::now()) << " images/s\n";
  }

 private:
  double perSecond(std::chrono::steady_clock::time_point now) const {
    return static_cast<double>(printed_) / std::chrono::duration<double>(now - start_).count();
  }

  std::mutex mutex_;
  std::map<std::size_t, std::string> waiting_;
  std::size_t printed_ = 0;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point told_ = start_;
};

// What one thread does: its own clone, image after image.
void work(const trtyolo::DetectModel& model, Source& source, Report& report) {
  const auto clone = model.clone();
  while (const std::optional<Item> item = source.next()) {
    std::ostringstream line;
    line << item->name << ": ";
    if (item->picture.empty()) {
      line << "not an image that OpenCV can read";
    } else {
      try {
        // item->image lives until the next round, so until predict() has returned.
        line << clone->predict(trtyolo::view(item->picture)).num << " objects";
      } catch (const std::exception& error) {
        line << error.what();  // of this image; the others go on
      }
    }
    report.add(item->index, line.str());
  }
}

void run(const std::string& file, const std::string& path, int threads) {
  trtyolo::InferOption option;
  option.enableSwapRB();  // OpenCV's images are BGR, the network wants RGB
  option.setStreams(0);   // let clones run side by side, as many as suit the machine
  const trtyolo::DetectModel model(file, option);
  Source source(path);
  Report report;

  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(threads));
  std::vector<std::thread> team;
  for (std::exception_ptr& error : errors) {
    team.emplace_back([&model, &source, &report, &error] {
      try {
        work(model, source, report);
      } catch (...) {
        error = std::current_exception();  // an exception that leaves a thread would end the program
      }
    });
  }
  for (std::thread& thread : team) {
    thread.join();
  }
  for (const std::exception_ptr& error : errors) {
    if (error) {
      std::rethrow_exception(error);
    }
  }
  report.finish();
}

}  // namespace

int main(int argc, char** argv) {
  const int threads =
      argc == 4 ? std::atoi(argv[3]) : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  if (argc < 3 || argc > 4 || threads < 1) {
    std::cerr << "usage: multi_thread MODEL FOLDER|VIDEO [THREADS]\n";
    return 2;
  }
  try {
    run(argv[1], argv[2], threads);
  } catch (const std::exception& error) {
    std::cerr << "multi_thread: " << error.what() << '\n';
    return 1;
  }
}
