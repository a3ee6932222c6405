// Annotated images as files: see image_writer.hpp.
#include "writers/image_writer.hpp"

#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <vector>

#include "draw/drawing.hpp"
#include "writers/depth_file.hpp"
#include "writers/output_file.hpp"

namespace app {
namespace {

std::string cannotSave(const Item& item, const std::string& reason) {
  return item.saveAs.empty() ? "cannot be drawn: " + reason : "'" + item.saveAs + "' cannot be written: " + reason;
}

}  // namespace

void drawAndSave(Item& item) {
  try {
    draw(item.image, item.result);
    if (item.video || item.saveAs.empty()) return;
    if (item.result.hasDepth()) {
      const std::filesystem::path beside = item.saveAs;
      const std::string file = (beside.parent_path() / (item.fileName() + "-depth.png")).string();
      item.depthScale = writeDepth(file, item.result.depth);
      item.depthFile = file;
    }
    std::vector<unsigned char> bytes;
    if (!cv::imencode(std::filesystem::path(item.saveAs).extension().string(), item.image, bytes)) {
      item.saveError = cannotSave(item, "OpenCV cannot encode it");
      return;
    }
    OutputFile file(item.saveAs);
    file.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    file.commit();
  } catch (const WriteError& error) {
    if (error.concernsAll()) throw;
    item.saveError = error.what();
  } catch (const cv::Exception& error) {
    item.saveError = cannotSave(item, error.err.empty() ? error.what() : error.err);
  } catch (const std::exception& error) {
    item.saveError = cannotSave(item, error.what());
  }
}

}  // namespace app
