// What a model is, told from its inputs, outputs and metadata before it is made ready to run.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "image/geometry.hpp"
#include "image/letterbox.hpp"
#include "model/cut/head_cut.hpp"
#include "model/family/family.hpp"
#include "model/input_form.hpp"
#include "model/metadata.hpp"
#include "model/output_layout.hpp"
#include "model/plausibility.hpp"
#include "model/postprocess_options.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

// What a backend reads from a file.
struct RawModel {
  std::string file;
  std::size_t fileBytes = 0;
  std::vector<TensorInfo> inputs, outputs;
  Metadata metadata;
};

// What the user said of pixels; for the rest the family decides.
struct PixelOptions {
  bool swapRB = false;  // images are BGR
  std::optional<bool> bgr;
  std::optional<float> white, border;
  std::optional<std::array<float, 3>> mean, std;
  LetterboxMode letterbox = LetterboxMode::Auto;
};

// The options that influence what a model is.
struct DescriptionOptions {
  std::optional<Task> task;
  std::optional<Size> networkSize;
  int batch = 1;
  bool rect = true;
  std::vector<std::string> names;  // empty: those of the file
  Layout layout = Layout::Auto;
  std::string family;  // empty: what the file tells
  HeadMode head = HeadMode::Auto;
  PixelOptions pixels;
};

struct ModelDescription {
  ModelInfo info;
  bool rect = false;  // each image gets its own smallest network size
  Size least{1, 1};   // the smallest network size there is
  OutputLayout layout;
  std::size_t outputs = 0;         // of the network that runs, which has others than `info` says if it was cut
  PostprocessOptions postprocess;  // what the file asks for, else the defaults
  InputForm input;
  bool bgrImages = false;  // images that have an order of colours are BGR
  Normalization normalization;
  Placing placing;
  Filter filter = Filter::Bilinear;
  bool dropsEmpty = false;               // boxes without a pixel of the image are no objects
  bool squareCrop = false;               // images are cropped to the square in their middle first
  std::string refusal;                   // why the outputs are not understood; empty if they are
  std::shared_ptr<FirstLook> firstLook;  // of all that run this network
  // The record of the file's self-test, which who loads the file takes out; null if it has none. A copy shares it.
  std::shared_ptr<std::string> selfTest;

  Size networkSize() const { return {info.networkWidth, info.networkHeight}; }

  // Images are scaled to fill the network's input and cropped, not letterboxed.
  bool centerCrop() const { return info.task == Task::Classify && !squareCrop; }

  // The part of an image that the network sees; what has no order of colours is given that of the images that have one.
  ImageView seen(ImageView image) const {
    image.conversion.bgr = bgrImages;
    if (squareCrop) {
      const int side = std::min(image.size.width, image.size.height);
      return image.cropped((image.size.width - side) / 2, (image.size.height - side) / 2, {side, side});
    }
    return image;
  }

  // Where an image of this size lies in the network's input (of letterboxed and stretched ones).
  Letterbox fit(Size source) const {
    if (squareCrop) {
      const int side = std::min(source.width, source.height);
      return Letterbox::stretch({side, side}, networkSize());
    }
    return rect ? Letterbox::fitRect(source, networkSize(), info.stride, least)
                : Letterbox::fit(source, networkSize(), placing);
  }
};

// Throws ModelError for an input that no image can be written to, for a task that contradicts the file's, and for a
// network size that the model cannot have. Outputs that are not understood only fill `refusal`: inspect() shows them.
// Of a network that was cut, as its metadata says, what it describes is the whole one. ModelError if that contradicts
// DescriptionOptions::head.
ModelDescription describe(const RawModel& model, const DescriptionOptions& options);

// The whole network runs, for this reason. Throws ModelError if it was to be cut.
void keepWhole(ModelDescription& description, HeadMode wanted, const std::string& why);

// The network runs that is left of the described one. `outputs` are those that it has, in its order. Throws ModelError
// if those of the cut are not among them.
void takeCut(ModelDescription& description, const HeadCut& cut, const std::vector<std::string>& outputs);

}  // namespace trtyolo
