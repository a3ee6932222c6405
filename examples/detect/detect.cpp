// One model, one clone, one image: detect MODEL IMAGE [ANNOTATED]
#include <iostream>
#include <map>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "trtyolo.hpp"

namespace {

void draw(cv::Mat& picture, const trtyolo::DetResult& result, const std::map<int, std::string>& names) {
  const cv::Scalar colour(0, 200, 0);
  for (int i = 0; i < result.num; ++i) {
    const trtyolo::Box& box = result.boxes[i];
    const cv::Point corner(static_cast<int>(box.left), static_cast<int>(box.top));
    cv::rectangle(picture, corner, cv::Point(static_cast<int>(box.right), static_cast<int>(box.bottom)), colour, 2);
    cv::putText(picture, names.at(result.classes[i]) + cv::format(" %.2f", result.scores[i]), corner - cv::Point(0, 4),
                cv::FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv::LINE_AA);
  }
}

void run(const std::string& file, const std::string& source, const std::string& annotated) {
  cv::Mat cvim = cv::imread(source);
  if (cvim.empty()) {
    throw std::runtime_error(source + ": not an image that OpenCV can read");
  }

  trtyolo::InferOption option;
  option.enableSwapRB();  // OpenCV's images are BGR, the network wants RGB
  auto model = std::make_unique<trtyolo::DetectModel>(file, option);

  trtyolo::Image im(cvim.data, cvim.cols, cvim.rows);
  trtyolo::DetResult result = model->predict(im);
  std::cout << result << '\n' << result.num << " objects\n";

  auto clone_model = model->clone();  // same weights, own execution context
  trtyolo::DetResult clone_result = clone_model->predict(im);
  std::cout << "the clone finds " << clone_result.num << '\n';

  draw(cvim, result, model->info().names);
  if (!cv::imwrite(annotated, cvim)) {
    throw std::runtime_error(annotated + ": cannot be written");
  }
  std::cout << "saved " << annotated << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::cerr << "usage: detect MODEL IMAGE [ANNOTATED]\n";
    return 2;
  }
  try {
    run(argv[1], argv[2], argc == 4 ? argv[3] : "annotated.jpg");
  } catch (const std::exception& error) {
    std::cerr << "detect: " << error.what() << '\n';
    return 1;
  }
}
