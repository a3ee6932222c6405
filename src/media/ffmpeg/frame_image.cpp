#include "media/ffmpeg/frame_image.hpp"

#include <cstring>
#include <utility>

extern "C" {
#include <libavutil/hwcontext.h>
}

#include "trtyolo/video.hpp"

namespace trtyolo::media {
namespace {

AVPixelFormat formatOf(const AVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  if (format != AV_PIX_FMT_CUDA) {
    return format;
  }
  return reinterpret_cast<const AVHWFramesContext*>(frame.hw_frames_ctx->data)->sw_format;
}

// yuvj420p is yuv420p of full range; libswscale warns of the former.
AVPixelFormat withoutRange(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P:
      return AV_PIX_FMT_YUV411P;
    default:
      return format;
  }
}

bool isFull(const AVFrame& frame) {
  return frame.color_range == AVCOL_RANGE_JPEG || withoutRange(formatOf(frame)) != formatOf(frame);
}

bool isBt709(const AVFrame& frame) {
  return frame.colorspace == AVCOL_SPC_BT709 || frame.colorspace == AVCOL_SPC_BT2020_NCL ||
         frame.colorspace == AVCOL_SPC_BT2020_CL;
}

// Whether imageOf() can tell where its pixels are. Some decoders write rows upwards.
bool isPlain(const AVFrame& frame) {
  for (int plane = 0; plane < 4 && frame.data[plane]; ++plane) {
    if (frame.linesize[plane] <= 0 && !(formatOf(frame) == AV_PIX_FMT_PAL8 && plane == 1)) {
      return false;
    }
  }
  switch (formatOf(frame)) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P:
      return frame.linesize[1] == frame.linesize[2];
    case AV_PIX_FMT_YUYV422:
      return frame.width % 2 == 0;
    case AV_PIX_FMT_GRAY8:
      return frame.color_range != AVCOL_RANGE_MPEG;
    case AV_PIX_FMT_NV12:
    case AV_PIX_FMT_GRAY16LE:
      return true;
    default:
      return false;
  }
}

// What a frame becomes that is not plain.
AVPixelFormat targetOf(const AVFrame& frame, bool bgr, bool turned) {
  const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(formatOf(frame));
  const bool yuv = (format.flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) == 0 && format.nb_components >= 3;
  if (yuv && format.log2_chroma_w == 1 && (format.log2_chroma_h == 1 || turned)) {
    return AV_PIX_FMT_YUV420P;
  }
  if (yuv && format.log2_chroma_w == 1 && format.log2_chroma_h == 0 && frame.width % 2 == 0) {
    return AV_PIX_FMT_YUYV422;
  }
  return bgr ? AV_PIX_FMT_BGR24 : AV_PIX_FMT_RGB24;
}

Frame allocate(const AVFrame& like, AVPixelFormat format, int width, int height) {
  Frame frame = makeFrame();
  if (av_frame_copy_props(frame.get(), &like) < 0) {
    throw std::bad_alloc();
  }
  frame->format = format;
  frame->width = width;
  frame->height = height;
  if (av_frame_get_buffer(frame.get(), 0) < 0) {
    throw std::bad_alloc();
  }
  return frame;
}

// A plane of so many samples of `bytes` each.
struct Plane {
  std::uint8_t* data;
  std::ptrdiff_t pitch;
  int width, height;
};

template <std::ptrdiff_t bytes>
void turnSamples(const Plane& from, const Plane& to, const Orientation& orientation) {
  constexpr int kTile = 16;  // so that rows and columns both stay in the cache
  // Where sample (x, y) of the target comes from: a start and a step for each.
  std::ptrdiff_t stepX = 0, stepY = 0, start = 0;
  const std::ptrdiff_t right = from.width - 1, bottom = from.height - 1;
  switch (orientation.quarters) {
    case 0:
      stepX = bytes, stepY = from.pitch;
      break;
    case 1:
      stepX = -from.pitch, stepY = bytes, start = bottom * from.pitch;
      break;
    case 2:
      stepX = -bytes, stepY = -from.pitch, start = bottom * from.pitch + right * bytes;
      break;
    default:
      stepX = from.pitch, stepY = -bytes, start = right * bytes;
  }
  if (orientation.mirrored) {
    start += stepX * (to.width - 1);
    stepX = -stepX;
  }
  for (int top = 0; top < to.height; top += kTile) {
    for (int left = 0; left < to.width; left += kTile) {
      for (int y = top; y < top + kTile && y < to.height; ++y) {
        for (int x = left; x < left + kTile && x < to.width; ++x) {
          std::memcpy(to.data + y * to.pitch + x * bytes, from.data + start + y * stepY + x * stepX, bytes);
        }
      }
    }
  }
}

Frame turned(const AVFrame& frame, const Orientation& orientation) {
  const AVPixelFormat format = formatOf(frame);
  const bool across = orientation.quarters % 2 == 1;
  Frame upright = allocate(frame, format, across ? frame.height : frame.width, across ? frame.width : frame.height);
  const AVPixFmtDescriptor& description = *av_pix_fmt_desc_get(format);
  const int planes = av_pix_fmt_count_planes(format);
  for (int i = 0; i < planes; ++i) {
    const auto planeOf = [&](const AVFrame& of) {
      const int shiftX = i == 0 ? 0 : description.log2_chroma_w, shiftY = i == 0 ? 0 : description.log2_chroma_h;
      return Plane{of.data[i], of.linesize[i], AV_CEIL_RSHIFT(of.width, shiftX), AV_CEIL_RSHIFT(of.height, shiftY)};
    };
    const Plane from = planeOf(frame), to = planeOf(*upright);
    const bool pairs = (format == AV_PIX_FMT_NV12 && i == 1) || format == AV_PIX_FMT_GRAY16LE;
    const bool colours = format == AV_PIX_FMT_BGR24 || format == AV_PIX_FMT_RGB24;
    (colours ? turnSamples<3> : pairs ? turnSamples<2> : turnSamples<1>)(from, to, orientation);
  }
  return upright;
}

}  // namespace

Orientation orientationOf(const std::int32_t* matrix) {
  if (!matrix) {
    return {};
  }
  // A pixel to the right goes by (a, b), one downwards by (c, d).
  const std::int64_t a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
  const bool mirrored = a * d - b * c < 0;
  // Mirroring comes last, so without it the first column would be (-a, b).
  const std::int64_t right = mirrored ? -a : a;
  if (std::abs(right) >= std::abs(b)) {
    return {right < 0 ? 2 : 0, mirrored};
  }
  return {b > 0 ? 1 : 3, mirrored};
}

Image imageOf(const AVFrame& frame) {
  const ColorMatrix matrix = isBt709(frame) ? ColorMatrix::BT709 : ColorMatrix::BT601;
  const ColorRange range = isFull(frame) ? ColorRange::Full : ColorRange::Limited;
  const auto pitch = [&](int plane) { return static_cast<std::size_t>(frame.linesize[plane]); };
  switch (formatOf(frame)) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P:
      return Image::i420(frame.data[0], frame.data[1], frame.data[2], frame.width, frame.height, pitch(0), pitch(1),
                         matrix, range);
    case AV_PIX_FMT_NV12:
      return Image::nv12(frame.data[0], frame.data[1], frame.width, frame.height, pitch(0), pitch(1), matrix, range);
    case AV_PIX_FMT_YUYV422:
      return Image::yuyv(frame.data[0], frame.width, frame.height, pitch(0), matrix, range);
    case AV_PIX_FMT_GRAY16LE:
      return Image::gray16(frame.data[0], frame.width, frame.height, pitch(0));
    case AV_PIX_FMT_GRAY8:
      return {frame.data[0], frame.width, frame.height, 1, pitch(0)};
    default:
      return {frame.data[0], frame.width, frame.height, 3, pitch(0)};
  }
}

Frame FrameConverter::scaled(const AVFrame& frame, AVPixelFormat format, const std::string& source) {
  const AVPixelFormat from = withoutRange(formatOf(frame));
  const int matrix = isBt709(frame) ? SWS_CS_ITU709 : SWS_CS_ITU601, full = isFull(frame) ? 1 : 0;
  if (!scaler_ || width_ != frame.width || height_ != frame.height || from_ != from || to_ != format ||
      matrix_ != matrix || full_ != full) {
    scaler_.reset(sws_getContext(frame.width, frame.height, from, frame.width, frame.height, format,
                                 SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr));
    if (!scaler_) {
      const char* const name = av_get_pix_fmt_name(from);
      throw VideoError(source + ": its frames have the pixel format \"" + (name ? name : "unknown") +
                       "\", which libswscale cannot convert");
    }
    constexpr int kOne = 1 << 16;
    const bool rgb = format == AV_PIX_FMT_BGR24 || format == AV_PIX_FMT_RGB24;
    const int* const weights = sws_getCoefficients(matrix);
    sws_setColorspaceDetails(scaler_.get(), weights, full, weights, rgb ? 1 : full, 0, kOne, kOne);
    width_ = frame.width, height_ = frame.height, from_ = from, to_ = format, matrix_ = matrix, full_ = full;
  }
  Frame converted = allocate(frame, format, frame.width, frame.height);
  converted->color_range = full != 0 ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, converted->data, converted->linesize);
  return converted;
}

Frame FrameConverter::convert(Frame frame, const Orientation& orientation, const std::string& source) {
  const bool turns = !orientation.isUpright();
  if (!isPlain(*frame) || (turns && formatOf(*frame) == AV_PIX_FMT_YUYV422)) {
    frame = scaled(*frame, targetOf(*frame, bgr_, turns), source);
  }
  return turns ? turned(*frame, orientation) : std::move(frame);
}

}  // namespace trtyolo::media
