// How large an image is, by what its file says in front of the pixels.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>

#include "media/jpeg_frame.hpp"
#include "media/text_of.hpp"
#include "trtyolo/media.hpp"

namespace trtyolo {
namespace {

using namespace std::string_view_literals;
using MaybeSize = std::optional<ImageSize>;

// Bytes that can be read at any position.
class Input {
 public:
  using ReadAt = std::function<std::string(std::size_t position, std::size_t count)>;

  explicit Input(ReadAt read) : read_(std::move(read)) {}

  // Fewer at the end.
  std::string text(std::size_t position, std::size_t count) const { return read_(position, count); }

  std::optional<std::size_t> number(std::size_t position, std::size_t bytes, bool little) const {
    const std::string read = text(position, bytes);
    if (read.size() < bytes) {
      return std::nullopt;
    }
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      value = (value << 8U) + static_cast<unsigned char>(read[little ? bytes - 1 - i : i]);
    }
    return value;
  }

  // Two numbers, one behind the other.
  MaybeSize sizeAt(std::size_t position, std::size_t bytes, bool little) const {
    const auto width = number(position, bytes, little), height = number(position + bytes, bytes, little);
    return width && height ? MaybeSize({*width, *height}) : std::nullopt;
  }

 private:
  ReadAt read_;
};

constexpr bool kLittle = true, kBig = false;
constexpr std::size_t kHeader = 10;  // bytes of a JPEG frame header up to the number of components

MaybeSize swapped(const MaybeSize& size) {
  return size ? MaybeSize({size->height, size->width}) : size;
}

// Where the frame header of a JPEG file begins, at its mark.
std::optional<std::size_t> frameOfJpeg(const Input& input) {
  constexpr std::size_t kScan = 0xDA, kEnd = 0xD9, kFirstFrame = 0xC0, kLastFrame = 0xCF;
  constexpr int kMostSteps = 100000;  // marks, and bytes that do not belong between them
  std::size_t at = 2;
  for (int step = 0; step < kMostSteps; ++step) {
    const auto mark = input.number(at, 2, kBig);
    if (!mark) {
      return std::nullopt;
    }
    const std::size_t kind = *mark & 0xFFU;
    if (*mark >> 8U != 0xFFU || kind == 0xFFU) {  // fill bytes, and what does not belong there
      ++at;
      continue;
    }
    if (kind == kScan || kind == kEnd) {
      return std::nullopt;
    }
    const bool isTable = kind == 0xC4U || kind == 0xC8U || kind == 0xCCU;
    if (kind >= kFirstFrame && kind <= kLastFrame && !isTable) {
      return at;
    }
    const bool alone = kind <= 1 || (kind >= 0xD0U && kind < kEnd);
    at += 2 + (alone ? 0 : input.number(at + 2, 2, kBig).value_or(0));
  }
  return std::nullopt;
}

MaybeSize sizeOfJpeg(const Input& input) {
  constexpr std::size_t kBefore = 5;  // the mark, the length, the bits
  const auto frame = frameOfJpeg(input);
  return frame ? swapped(input.sizeAt(*frame + kBefore, 2, kBig)) : std::nullopt;
}

// A directory of a TIFF file: 256 and 257 are the tags of the size, 322 and 323 those of tiles, which are decoded as a
// whole.
MaybeSize sizeOfTiff(const Input& input, long page) {
  const bool little = input.text(0, 1) == "I", big = input.number(2, 2, little) == 43U;
  const std::size_t word = big ? 8 : 4, count = big ? 8 : 2, entry = big ? 20 : 12;
  auto directory = input.number(big ? 8 : 4, word, little);
  const auto entriesOf = [&](std::size_t position) { return input.number(position, count, little).value_or(0); };
  constexpr std::size_t kMostEntries = 65536;
  for (long i = 0; i < page && directory; ++i) {
    directory = input.number(*directory + count + entry * std::min(entriesOf(*directory), kMostEntries), word, little);
  }
  if (!directory) {
    return std::nullopt;
  }
  ImageSize image{0, 0}, tile{0, 0};
  for (std::size_t i = 0; i < std::min(entriesOf(*directory), kMostEntries); ++i) {
    const std::size_t at = *directory + count + entry * i;
    const auto tag = input.number(at, 2, little), type = input.number(at + 2, 2, little);
    if (!tag || !type) {
      break;
    }
    const std::size_t bytes = *type == 3U ? 2 : *type == 16U ? 8 : 4;
    const std::size_t value = input.number(at + entry - word, bytes, little).value_or(0);
    if (*tag == 256U) {
      image.width = value;
    }
    if (*tag == 257U) {
      image.height = value;
    }
    if (*tag == 322U) {
      tile.width = value;
    }
    if (*tag == 323U) {
      tile.height = value;
    }
  }
  return ImageSize{std::max(image.width, tile.width), std::max(image.height, tile.height)};
}

MaybeSize sizeOfWebp(const Input& input) {
  const std::string kind = input.text(12, 4);
  constexpr std::size_t kData = 20;
  if (kind == "VP8X") {
    const auto width = input.number(kData + 4, 3, kLittle), height = input.number(kData + 7, 3, kLittle);
    return width && height ? MaybeSize({*width + 1, *height + 1}) : std::nullopt;
  }
  constexpr std::size_t kSide = 0x3FFF;  // 14 bits
  if (kind == "VP8L") {
    const auto bits = input.number(kData + 1, 4, kLittle);
    return bits ? MaybeSize({(*bits & kSide) + 1, ((*bits >> 14U) & kSide) + 1}) : std::nullopt;
  }
  const MaybeSize size = input.sizeAt(kData + 6, 2, kLittle);
  return size ? MaybeSize({size->width & kSide, size->height & kSide}) : size;
}

MaybeSize sizeOfBmp(const Input& input) {
  constexpr std::size_t kFileHeader = 14, kOldHeader = 12;
  if (input.number(kFileHeader, 4, kLittle) == kOldHeader) {
    return input.sizeAt(kFileHeader + 4, 2, kLittle);
  }
  const MaybeSize size = input.sizeAt(kFileHeader + 4, 4, kLittle);
  if (!size) {
    return size;
  }
  const auto height = static_cast<std::int32_t>(static_cast<std::uint32_t>(size->height));  // negative: from the top
  return ImageSize{size->width, static_cast<std::size_t>(std::abs(static_cast<std::int64_t>(height)))};
}

// The numbers in a text in front of the pixels, without its comments.
std::vector<std::size_t> numbersIn(std::string_view text, std::size_t most) {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < text.size() && numbers.size() < most;) {
    if (text[i] == '#') {
      i = std::min(text.find('\n', i), text.size());
    }
    if (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0) {
      std::size_t value = 0;
      constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
      for (; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0; ++i) {
        value = std::min(kMost, 10 * value + static_cast<std::size_t>(text[i] - '0'));
      }
      numbers.push_back(value);
    } else {
      ++i;
    }
  }
  return numbers;
}

constexpr std::size_t kTextHeader = 65536;  // bytes in which a size that is text must stand

// PBM, PGM, PPM, PAM, PFM.
MaybeSize sizeOfPnm(const Input& input) {
  const std::string text = input.text(2, kTextHeader);
  const auto numbers = numbersIn(text, 2);
  return numbers.size() == 2 ? MaybeSize({numbers[0], numbers[1]}) : std::nullopt;
}

// The two numbers behind a word, of the size that it is about.
MaybeSize sizeBehind(const Input& input, std::string_view word, std::size_t gap, bool little) {
  MaybeSize largest;
  const std::string text = input.text(0, kTextHeader);
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; ++at) {
    const MaybeSize size = input.sizeAt(at + word.size() + gap, 4, little);
    if (size && (!largest || size->bytes() > largest->bytes())) {
      largest = size;
    }
  }
  return largest;
}

// Radiance: "-Y height +X width" behind an empty line.
MaybeSize sizeOfHdr(const Input& input) {
  const std::string text = input.text(0, kTextHeader);
  const std::size_t line = text.find("\n\n");
  if (line == std::string::npos) {
    return std::nullopt;
  }
  const auto numbers = numbersIn(std::string_view(text).substr(line), 2);
  return numbers.size() == 2 ? MaybeSize({numbers[1], numbers[0]}) : std::nullopt;
}

// OpenEXR: the corners of its window.
MaybeSize sizeOfExr(const Input& input) {
  constexpr std::string_view kWord = "dataWindow\0box2i\0"sv;
  const std::size_t at = input.text(0, kTextHeader).find(kWord);
  if (at == std::string::npos) {
    return std::nullopt;
  }
  const std::size_t corners = at + kWord.size() + 4;
  const auto value = [&](std::size_t i) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(input.number(corners + 4 * i, 4, kLittle).value_or(0)));
  };
  const std::int64_t width = std::int64_t{value(2)} - value(0) + 1, height = std::int64_t{value(3)} - value(1) + 1;
  if (width < 1 || height < 1) {
    return std::nullopt;
  }
  return ImageSize{static_cast<std::size_t>(width), static_cast<std::size_t>(height)};
}

MaybeSize sizeOfInput(const Input& input, long page) {
  constexpr std::size_t kSignature = 16;
  const std::string begin = input.text(0, kSignature);
  const auto is = [&](std::string_view text) { return begin.starts_with(text); };
  if (is("\xFF\xD8\xFF"sv)) {
    return sizeOfJpeg(input);
  }
  if (is("\x89PNG\r\n\x1a\n"sv)) {
    return input.sizeAt(16, 4, kBig);
  }
  if (is("II*\0"sv) || is("MM\0*"sv) || is("II+\0"sv) || is("MM\0+"sv)) {
    return sizeOfTiff(input, page);
  }
  if (is("RIFF"sv) && begin.find("WEBP") == 8) {
    return sizeOfWebp(input);
  }
  if (is("GIF8"sv)) {
    return input.sizeAt(6, 2, kLittle);
  }
  if (is("BM"sv)) {
    return sizeOfBmp(input);
  }
  if (is("\0\0\0\x0CjP"sv)) {
    return swapped(sizeBehind(input, "ihdr", 0, kBig));
  }
  if (is("\xFF\x4F\xFF\x51"sv)) {
    return input.sizeAt(8, 4, kBig);
  }
  if (begin.substr(std::min<std::size_t>(4, begin.size()), 4) == "ftyp") {
    return sizeBehind(input, "ispe", 4, kBig);
  }
  if (is("\x59\xA6\x6A\x95"sv)) {
    return input.sizeAt(4, 4, kBig);
  }
  if (is("#?RADIANCE"sv) || is("#?RGBE"sv)) {
    return sizeOfHdr(input);
  }
  if (is("\x76\x2F\x31\x01"sv)) {
    return sizeOfExr(input);
  }
  if (begin.size() > 2 && begin[0] == 'P' && ((begin[1] >= '1' && begin[1] <= '7') || (begin[1] | 0x20) == 'f')) {
    return sizeOfPnm(input);
  }
  return std::nullopt;
}

Input inputOf(const EncodedImage& image) {
  return Input([bytes = textOf(image)](std::size_t position, std::size_t count) {
    return std::string(bytes.substr(std::min(position, bytes.size()), count));
  });
}

}  // namespace

std::optional<ImageSize> imageSize(const EncodedImage& image, long page) {
  return sizeOfInput(inputOf(image), page);
}

std::optional<media::JpegFrame> media::jpegFrame(const EncodedImage& image) {
  const Input input = inputOf(image);
  const auto frame = input.text(0, 3) == "\xFF\xD8\xFF" ? frameOfJpeg(input) : std::nullopt;
  const std::string header = frame ? input.text(*frame, kHeader) : std::string();
  if (header.size() < kHeader) {
    return std::nullopt;
  }
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(header[i]); };
  return JpegFrame{byte(1), byte(4), byte(9)};
}

std::optional<ImageSize> imageSizeOf(const std::string& file, long page) {
  std::ifstream stream(file, std::ios::binary);
  return sizeOfInput(Input([&](std::size_t position, std::size_t count) {
                       std::string text(count, '\0');
                       stream.clear();
                       stream.seekg(static_cast<std::streamoff>(position));
                       stream.read(text.data(), static_cast<std::streamsize>(count));
                       text.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
                       return text;
                     }),
                     page);
}

}  // namespace trtyolo
