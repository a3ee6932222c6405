// Text for images: see text.hpp.
#include "draw/text.hpp"

#include <fontconfig/fontconfig.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <opencv2/freetype.hpp>
#include <opencv2/imgproc.hpp>
#include <tuple>
#include <utility>
#include <vector>

namespace app {
namespace {

struct FreeLetters {
  void operator()(FcCharSet* letters) const { FcCharSetDestroy(letters); }
};

/// A face of a font file.
struct Font {
  std::string file;
  int index = 0;
  std::unique_ptr<FcCharSet, FreeLetters> letters;
  cv::Ptr<cv::freetype::FreeType2> face;  ///< loaded when first needed
};

/// Outline fonts in one colour, those without serifs first.
std::vector<Font> installedFonts() {
  FcPattern* wanted = FcNameParse(reinterpret_cast<const FcChar8*>("sans-serif"));
  FcConfigSubstitute(nullptr, wanted, FcMatchPattern);
  FcDefaultSubstitute(wanted);
  FcResult result{};
  FcFontSet* found = FcFontSort(nullptr, wanted, FcFalse, nullptr, &result);
  FcPatternDestroy(wanted);
  std::vector<Font> fonts;
  for (int i = 0; found != nullptr && i < found->nfont; ++i) {
    const FcPattern* pattern = found->fonts[i];
    FcBool outline = FcFalse, colour = FcFalse;
    FcChar8* file = nullptr;
    FcCharSet* letters = nullptr;
    Font font;
    FcPatternGetBool(pattern, FC_OUTLINE, 0, &outline);
    FcPatternGetBool(pattern, FC_COLOR, 0, &colour);
    FcPatternGetInteger(pattern, FC_INDEX, 0, &font.index);
    if (outline == FcFalse || colour != FcFalse) continue;
    if (FcPatternGetString(pattern, FC_FILE, 0, &file) != FcResultMatch) continue;
    if (FcPatternGetCharSet(pattern, FC_CHARSET, 0, &letters) != FcResultMatch) continue;
    font.file = reinterpret_cast<const char*>(file);
    font.letters.reset(FcCharSetCopy(letters));
    fonts.push_back(std::move(font));
  }
  if (found != nullptr) FcFontSetDestroy(found);
  return fonts;
}

/// Hebrew, Arabic and their neighbours in Unicode.
bool isRightToLeft(FcChar32 letter) {
  return (0x590 <= letter && letter < 0x900) || (0xFB1D <= letter && letter < 0xFE00) ||
         (0xFE70 <= letter && letter < 0xFEFF) || (0x10800 <= letter && letter < 0x11000) ||
         (0x1E800 <= letter && letter < 0x1F000);
}

/// Joiners, marks of direction, and selectors of variants, which a font need not have.
bool isInvisible(FcChar32 letter) {
  return (0x200B <= letter && letter < 0x2010) || (0xFE00 <= letter && letter < 0xFE10);
}

/// Letters of one font that are written in one direction, or a space.
struct Piece {
  std::string letters;
  Font* font = nullptr;  ///< null: OpenCV's own letters
  bool rightToLeft = false;

  bool isSpace() const { return letters == " "; }
};

/// A piece as an image.
struct Ink {
  cv::Mat pixels;
  cv::Point corner;  ///< the upper left pixel, from where the piece begins on the baseline
  int advance = 0;   ///< from there to where the next piece begins
};

/// From the order in which pieces are read to their places from left to right.
void sortByPlace(std::vector<Piece>& pieces) {
  const auto leftToRight = [](const Piece& piece) { return !piece.rightToLeft && !piece.isSpace(); };
  for (auto begin = pieces.begin(); begin != pieces.end();) {
    begin = std::find_if(begin, pieces.end(), [](const Piece& piece) { return piece.rightToLeft; });
    auto end = std::find_if(begin, pieces.end(), leftToRight);
    while (end != begin && std::prev(end)->isSpace()) --end;
    std::reverse(begin, end);
    begin = end;
  }
}

class Typesetter {
 public:
  cv::Mat render(const std::string& text, int size) {
    constexpr double kAscent = 0.76, kDescent = 0.22;  // at least, so that most lines have one height
    constexpr std::size_t kMostInks = 1000;
    const std::lock_guard lock(mutex_);
    if (inks_.size() > kMostInks) inks_.clear();
    int above = static_cast<int>(std::lround(kAscent * size)), below = static_cast<int>(std::lround(kDescent * size));
    int width = 0;
    std::vector<const Ink*> line;
    for (const Piece& piece : split(text)) {
      line.push_back(&inkOf(piece, size));
      above = std::max(above, -line.back()->corner.y);
      below = std::max(below, line.back()->corner.y + line.back()->pixels.rows);
      width += line.back()->advance;
    }
    cv::Mat image = cv::Mat::zeros(above + below, std::max(1, width), CV_8U);
    cv::Point pen(0, above);
    for (const Ink* ink : line) {
      const cv::Rect place(pen + ink->corner, ink->pixels.size()), inside = place & cv::Rect({}, image.size());
      cv::Mat target = image(inside);
      if (!inside.empty()) cv::max(target, ink->pixels(inside - place.tl()), target);
      pen.x += ink->advance;
    }
    return image;
  }

 private:
  /// The pieces from left to right.
  std::vector<Piece> split(const std::string& text) {
    std::vector<Piece> pieces;
    bool complete = true;
    for (std::size_t at = 0, bytes = 0; at < text.size(); at += bytes) {
      FcChar32 letter = 0;
      const int length =
          FcUtf8ToUcs4(reinterpret_cast<const FcChar8*>(text.data()) + at, &letter, static_cast<int>(text.size() - at));
      bytes = static_cast<std::size_t>(std::max(length, 1));
      if (length > 0 && letter <= ' ') {
        pieces.push_back({" "});
        continue;
      }
      Piece next{text.substr(at, bytes), nullptr, isRightToLeft(letter)};
      Font* const last = pieces.empty() ? nullptr : pieces.back().font;
      next.font = length > 0 ? fontOf(letter, last) : nullptr;
      if (next.font == nullptr && (!fonts_.empty() || length <= 0 || letter > '~')) {
        if (isInvisible(letter)) continue;
        next = {"?", fontOf('?', last)};
        complete = false;
      }
      if (pieces.empty() || pieces.back().isSpace() || next.font != last ||
          next.rightToLeft != pieces.back().rightToLeft) {
        pieces.push_back(std::move(next));
      } else {
        pieces.back().letters += next.letters;
      }
    }
    if (!complete && !std::exchange(warned_, true)) {
      spdlog::warn(
          "no font that is installed has all letters of '{}': '?' stands for those that are missing (Debian and "
          "Ubuntu have fonts in fonts-dejavu-core, fonts-noto-core and fonts-noto-cjk)",
          text);
    }
    sortByPlace(pieces);
    return pieces;
  }

  /// `last` if that has the letter, else the first that has it; null if none has.
  Font* fontOf(FcChar32 letter, Font* last) {
    const auto has = [letter](const Font& font) { return FcCharSetHasChar(font.letters.get(), letter) != FcFalse; };
    if (last != nullptr && has(*last)) return last;
    while (true) {
      const auto font = std::find_if(fonts_.begin(), fonts_.end(), has);
      if (font == fonts_.end()) return nullptr;
      if (font->face) return &*font;
      try {
        font->face = cv::freetype::createFreeType2();
        font->face->loadFontData(font->file, font->index);
        return &*font;
      } catch (const cv::Exception&) {  // damaged: as if it had no letters
        font->letters.reset(FcCharSetCreate());
      }
    }
  }

  const Ink& inkOf(const Piece& piece, int size) {
    constexpr double kSpace = 0.28, kGap = 0.08;                  // of the size
    constexpr double kOwnSize = 29, kOwnStroke = 1.6 / kOwnSize;  // pixels of OpenCV's letters at scale 1
    const auto [entry, isNew] = inks_.try_emplace({piece.letters, piece.font, size});
    Ink& ink = entry->second;
    if (!isNew) return ink;
    if (piece.isSpace()) {
      ink.advance = static_cast<int>(std::lround(kSpace * size));
      return ink;
    }
    const cv::Scalar white = cv::Scalar::all(255);
    const cv::Point start(size, 2 * size);
    const auto canvas = [&](int width, int type) { return cv::Mat::zeros(3 * size, width + 2 * size, type); };
    int ignored = 0;
    if (piece.font != nullptr) {
      cv::freetype::FreeType2& face = *piece.font->face;
      // Versions before 4.6 write on images of three channels only.
      cv::Mat colours = canvas(face.getTextSize(piece.letters, size, -1, &ignored).width, CV_8UC3);
      face.putText(colours, piece.letters, start, size, white, -1, cv::LINE_AA, true);
      cv::extractChannel(colours, ink.pixels, 0);
    } else {
      const int stroke = std::max(1, static_cast<int>(std::lround(size * kOwnStroke))), font = cv::FONT_HERSHEY_SIMPLEX;
      ink.pixels = canvas(cv::getTextSize(piece.letters, font, size / kOwnSize, stroke, &ignored).width, CV_8UC1);
      cv::putText(ink.pixels, piece.letters, start, font, size / kOwnSize, white, stroke, cv::LINE_AA);
    }
    const cv::Rect box = cv::boundingRect(ink.pixels);
    ink.pixels = ink.pixels(box).clone();
    ink.corner = box.tl() - start;
    ink.advance = ink.corner.x + box.width + static_cast<int>(std::lround(kGap * size));
    return ink;
  }

  std::mutex mutex_;  ///< of all
  std::vector<Font> fonts_ = installedFonts();
  std::map<std::tuple<std::string, const Font*, int>, Ink> inks_;  ///< class names repeat
  bool warned_ = false;
};

}  // namespace

cv::Mat renderText(const std::string& text, int size) {
  static Typesetter typesetter;
  return typesetter.render(text, size);
}

}  // namespace app
