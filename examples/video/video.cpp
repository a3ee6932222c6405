// A video, camera or stream, one model: video MODEL SOURCE
#include "trtyolo/video.hpp"

#include <iostream>

#include "trtyolo.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: video MODEL SOURCE\n";
    return 2;
  }
  try {
    constexpr int kGpu = 0;
    trtyolo::DetectModel model(argv[1], trtyolo::InferOption().setDeviceId(kGpu));
    trtyolo::VideoOption option;
    if (model.info().backend == "tensorrt") {
      option.gpu = kGpu;  // frames stay in its memory, where the model reads them
    }
    trtyolo::VideoReader video(argv[2], option);
    while (const auto frame = video.read()) {
      const trtyolo::DetResult found = model.predict(frame->image);
      std::cout << "frame " << frame->number << " at " << frame->time << " s: " << found.num << " objects\n";
    }
    const trtyolo::VideoCounts counts = video.counts();
    std::cout << counts.gpu << " frames decoded on a GPU, " << counts.cpu << " on the CPU, " << counts.corrupt
              << " damaged\n";
    if (!video.whyNoGpu().empty()) {
      std::cerr << "not on the GPU: " << video.whyNoGpu() << '\n';
    }
  } catch (const trtyolo::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
