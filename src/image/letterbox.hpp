// Letterbox: an image into the network's input, three planes of f32.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "image/geometry.hpp"
#include "image/image_view.hpp"

namespace trtyolo {

struct Normalization {
  bool swapRB = false;
  float border = 114;                     // in the units of the image, 0 to 255
  std::array<float, 3> mean = {0, 0, 0};  // after the division by 255, in the order of the planes
  std::array<float, 3> std = {1, 1, 1};

  // Whether the division by 255 is all there is to do.
  bool plain() const { return mean == Normalization().mean && std == Normalization().std; }
};

// Whether write() writes the border too, or finds it as an earlier call left it.
enum class Border { Write, Keep };

// Writes letterboxed images. Not for two threads at once: it keeps tables and rows from call to call.
class Letterboxer {
 public:
  Letterboxer();
  ~Letterboxer();
  Letterboxer(Letterboxer&&) noexcept;
  Letterboxer& operator=(Letterboxer&&) noexcept;

  // Fills `planes`: three planes of box.network.height rows of box.network.width floats, without gaps. Every value is
  // written, unless the border is kept. The scaled image equals cv::resize(..., INTER_LINEAR) on 8-bit images to the
  // bit, and each value is (v / 255.f - mean) / std with every operation rounded to f32, so v / 255.f with the default
  // normalisation.
  // The image may have another size than `box.source`. Grey images fill all three planes alike.
  void write(const ImageView& image, const Letterbox& box, const Normalization& normalization, float* planes,
             Border border = Border::Write);

  // Rows `first` to `end`, exclusive, of the scaled image as write() makes it, as bytes: four of each pixel, the three
  // channels in the image's order (of a grey image its value three times) and one that may be anything. `pixels` is
  // where row `first` goes; rows are scaledPitch() bytes apart, and may be written up to there.
  void scaleRows(const ImageView& image, Size scaled, int first, int end, std::uint8_t* pixels);
  static std::size_t scaledPitch(int scaledWidth);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace trtyolo
