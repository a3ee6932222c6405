// The window of --show: see window.hpp.
#include "draw/window.hpp"

#include <cstdlib>
#include <opencv2/highgui.hpp>
#include <stdexcept>

#include "terminal/interrupt.hpp"

namespace app {
namespace {

constexpr const char* kTitle = "trtyolo";
constexpr int kEscape = 27, kNoKey = -1;
constexpr int kPatience = 50;  // milliseconds between two looks for Ctrl-C

/// OpenCV's window systems end the process if there is no display, so it is looked for first.
void requireDisplay() {
#if defined(__linux__)
  for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return;
  }
  throw std::runtime_error(
      "--show needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set; --save DIR works without");
#endif
}

}  // namespace

Window::Window() {
  requireDisplay();
  try {
    cv::namedWindow(kTitle, cv::WINDOW_NORMAL | cv::WINDOW_KEEPRATIO);
  } catch (const cv::Exception& error) {
    throw std::runtime_error("--show: OpenCV cannot open a window: " + error.err);
  }
}

Window::~Window() {
  try {
    cv::destroyWindow(kTitle);
  } catch (const cv::Exception&) {  // the user has closed it
  }
}

bool Window::show(const Item& item) {
  if (item.image.empty()) return true;
  if (item.frame == 0) cv::resizeWindow(kTitle, item.image.cols, item.image.rows);
  cv::imshow(kTitle, item.image);
  int key = cv::waitKey(1);
  const auto closed = [] { return cv::getWindowProperty(kTitle, cv::WND_PROP_VISIBLE) < 1; };
  while (!item.video && key == kNoKey && !closed() && !interrupted()) key = cv::waitKey(kPatience);
  return key != 'q' && key != kEscape && !closed();
}

}  // namespace app
