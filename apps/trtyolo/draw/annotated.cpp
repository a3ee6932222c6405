// An item's image with all that is known of it: see annotated.hpp.
#include "draw/annotated.hpp"

#include "draw/counts.hpp"
#include "draw/drawing.hpp"
#include "input/image_file.hpp"
#include "trtyolo/media_opencv.hpp"

namespace app {
namespace {

void drawAll(cv::Mat& image, const Item& item) {
  drawTrails(image, item.trails);
  draw(image, item.result, item.then);
  drawCounts(image, item.lines, item.zones, item.result.names);
}

}  // namespace

void annotate(Item& item) {
  if (item.pixels) item.image = trtyolo::matOf(*item.pixels);
  item.pixels.reset();
  drawAll(item.image, item);
  item.annotated = true;
}

cv::Mat annotated(const Item& item) {
  if (item.annotated) return item.image;
  cv::Mat image = item.pixels    ? trtyolo::matOf(*item.pixels)
                  : item.encoded ? decodeImage(*item.encoded)
                                 : item.image.clone();
  drawAll(image, item);
  return image;
}

}  // namespace app
