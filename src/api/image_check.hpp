// From an Image that a caller filled in to one that the library can trust.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "image/letterbox.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

// What is wrong with an image, whatever it is for; empty if nothing is.
std::string complaintAbout(const Image& image);

// Of an image about which there is no complaint.
ImageView viewOf(const Image& image);

// Throws std::invalid_argument, with the image's `index` in its batch if it has one. `wanted`: the only size allowed.
// `gpu`: the model's, if it runs on one. `whole`: as DecodedImage's.
ImageView checkedView(const Image& image, const std::optional<Size>& wanted, std::optional<std::size_t> index,
                      std::optional<int> gpu, const ImageSize& whole = {});

}  // namespace trtyolo
