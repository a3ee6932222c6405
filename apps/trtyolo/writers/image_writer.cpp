// Annotated images as files: see image_writer.hpp.
#include "writers/image_writer.hpp"

#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>
#include <vector>

#include "draw/annotated.hpp"
#include "terminal/reason.hpp"
#include "writers/depth_file.hpp"
#include "writers/output_file.hpp"

namespace app {
namespace {

/// Does `work`; what it throws becomes the item's error. False if it threw.
template <typename Work>
bool attempt(Item& item, const Work& work) {
  try {
    work();
    return true;
  } catch (const std::exception& error) {
    item.addSaveError(reasonOf(error));
    return false;
  }
}

void saveDepth(Item& item) {
  const std::filesystem::path beside = item.saveAs;
  const std::string file = (beside.parent_path() / (item.fileName() + "-depth.png")).string();
  item.depthScale = writeDepth(file, item.result.depth);
  item.depthFile = file;
}

}  // namespace

void writeImage(const std::string& file, const cv::Mat& image) {
  std::vector<unsigned char> bytes;
  std::string reason = "OpenCV cannot encode it";
  bool encoded = false;
  try {
    encoded = cv::imencode(std::filesystem::path(file).extension().string(), image, bytes) && !bytes.empty();
  } catch (const std::exception& error) {
    reason = reasonOf(error);
  }
  if (!encoded) throw WriteError(file, reason, 0);
  writeWhole(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void drawAndSave(Item& item) {
  const auto drawIt = [&] {
    try {
      annotate(item);
    } catch (const std::exception& error) {
      throw std::runtime_error("cannot be drawn: " + reasonOf(error));
    }
  };
  if (!attempt(item, drawIt) || item.video || item.saveAs.empty()) return;
  attempt(item, [&] { writeImage(item.saveAs, item.image); });
  if (item.result.hasDepth()) attempt(item, [&] { saveDepth(item); });
}

}  // namespace app
