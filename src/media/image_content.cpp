// What bytes hold, by what stands in front of the pixels.
#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "media/text_of.hpp"
#include "trtyolo/media.hpp"

namespace trtyolo {
namespace {

using namespace std::string_view_literals;

bool isTiff(std::string_view text) {
  return text.starts_with("II*\0"sv) || text.starts_with("MM\0*"sv) || text.starts_with("II+\0"sv) ||
         text.starts_with("MM\0+"sv);
}

// ISO media files of images: AVIF, HEIF.
bool isAvifText(std::string_view text) {
  return text.size() >= 12 && text.substr(4, 4) == "ftyp" && (text.substr(8, 3) == "avi" || text.substr(8, 3) == "mif");
}

// The chunk acTL stands in front of a PNG file's data.
bool isAnimatedPng(std::string_view text) {
  return text.starts_with("\x89PNG\r\n\x1a\n") && text.substr(0, text.find("IDAT")).find("acTL") != text.npos;
}

}  // namespace

ImageContent imageContent(const EncodedImage& beginning) {
  const std::string_view text = textOf(beginning);
  if (text.starts_with("GIF8") || isAnimatedPng(text)) {
    return ImageContent::Animation;
  }
  if (isTiff(text)) {
    return ImageContent::Pages;
  }
  constexpr std::size_t kFlags = 20;
  const bool webp = text.size() > kFlags && text.starts_with("RIFF") && text.substr(8, 8) == "WEBPVP8X";
  if (webp && (static_cast<unsigned char>(text[kFlags]) & 2U) != 0) {
    return ImageContent::FirstFrame;
  }
  return isAvifText(text) && text.substr(8, 4) == "avis" ? ImageContent::FirstFrame : ImageContent::Image;
}

bool isImage(const EncodedImage& beginning) {
  const std::string_view text = textOf(beginning);
  if (isTiff(text) || isAvifText(text)) {
    return true;
  }
  const bool netpbm = text.size() > 2 && text[0] == 'P' && text[1] >= '1' && text[1] <= '7';
  if (netpbm && std::isspace(static_cast<unsigned char>(text[2])) != 0) {
    return true;
  }
  if (text.starts_with("RIFF")) {
    return text.size() >= 12 && text.substr(8, 4) == "WEBP";
  }
  constexpr std::array kBeginnings{"\xFF\xD8\xFF"sv, "\x89PNG"sv,      "BM"sv,
                                   "GIF8"sv,         "\0\0\0\x0CjP"sv, "\xFF\x4F\xFF\x51"sv};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(), [&](std::string_view b) { return text.starts_with(b); });
}

bool isAvif(const EncodedImage& beginning) {
  return isAvifText(textOf(beginning));
}

bool hasMorePages(const EncodedImage& image) {
  const std::string_view text = textOf(image);
  const bool little = text.starts_with("II*\0"sv);
  if (!little && !text.starts_with("MM\0*"sv)) {
    return false;
  }
  const auto number = [&](std::size_t position, std::size_t length) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < length; ++i) {
      const std::size_t at = position + (little ? length - 1 - i : i);
      value = (value << 8U) + (at < text.size() ? static_cast<unsigned char>(text[at]) : 0U);
    }
    return value;
  };
  // A directory of entries of 12 bytes, with their number in front and the place of the next directory behind.
  constexpr std::size_t kEntry = 12;
  const std::size_t directory = number(4, 4);
  return number(directory + 2 + kEntry * number(directory, 2), 4) != 0;
}

bool hasItsEnd(const EncodedImage& image) {
  constexpr unsigned kEnd = 0xD9, kScan = 0xDA, kRestart = 0xD0, kTem = 0x01;
  const std::string_view jpeg = textOf(image);
  if (!jpeg.starts_with("\xFF\xD8\xFF")) {
    return true;
  }
  std::size_t position = 2;
  while ((position = jpeg.find('\xFF', position)) != std::string_view::npos && position + 1 < jpeg.size()) {
    const auto marker = static_cast<unsigned char>(jpeg[++position]);
    if (marker == kEnd) {
      return true;
    }
    // Fill bytes, zeros behind a byte FF of the data, and marks that are followed by no length.
    if (marker == 0xFF) {
      continue;
    }
    if (marker == 0 || marker == kTem || (marker >= kRestart && marker < kEnd)) {
      ++position;
      continue;
    }
    if (position + 2 >= jpeg.size()) {
      return false;
    }
    const auto length = (static_cast<std::size_t>(static_cast<unsigned char>(jpeg[position + 1])) << 8U) +
                        static_cast<unsigned char>(jpeg[position + 2]);
    position += 1 + length;
    if (marker != kScan && position >= jpeg.size()) {
      return false;
    }
  }
  return false;
}

}  // namespace trtyolo
