package trtyolo

// #include <trtyolo.h>
import "C"

import (
	"fmt"
	"image"
	"image/draw"
	"math"
	"math/bits"
	"runtime"
	"unsafe"
)

// PixelFormat is how the pixels of an image lie in memory.
type PixelFormat int

// The formats.
const (
	Interleaved = PixelFormat(C.TRTYOLO_INTERLEAVED) // 8 bits a channel, 1, 3 or 4 channels side by side
	NV12        = PixelFormat(C.TRTYOLO_NV12)        // YUV 4:2:0: a plane of Y, a plane of pairs U, V
	I420        = PixelFormat(C.TRTYOLO_I420)        // YUV 4:2:0: planes of Y, of U and of V
	YUYV        = PixelFormat(C.TRTYOLO_YUYV)        // YUV 4:2:2 in one plane: Y, U, Y, V for two pixels
	Gray16      = PixelFormat(C.TRTYOLO_GRAY16)      // one channel of 16 bits, lowest byte first
)

// Image is pixels that the caller owns; they are read until the call returns that was given them, or until a ticket of
// Pool.Submit is done. Zero values are the usual ones.
type Image struct {
	Pixels        []byte // from the first byte of the first row on; of NV12 and I420: the plane of Y
	Width, Height int    // pixels
	Channels      int    // of interleaved images: 1, 3 (RGB, or BGR with SwapRB) or 4 (the fourth is ignored); 0: 3
	Stride        int    // bytes from the start of a row to that of the next; 0: rows without gaps
	Format        PixelFormat
	Chroma        [2][]byte // NV12: the plane of U and V; I420: the plane of U, the plane of V
	ChromaStride  int       // of each of these planes; 0: rows without gaps
	BT709         bool      // of YUV: whether colours became YUV by BT.709, as in HD video, not by BT.601
	FullRange     bool      // of YUV: whether values are 0 to 255, as in JPEG, not limited as in video
	Low, High     uint16    // of Gray16: the values that become 0 and 255; High 0: 65535
	Part          Part      // what a model sees of the image; zero: all of it
}

// Part is a rectangle in an image, turned about its centre, of which a model is given Width x Height pixels.
type Part struct {
	X, Y          float64 // its centre, pixels
	Width, Height int     // pixels along its sides; 0: no part
	Theta         float64 // radians, clockwise as one looks at the image
}

// FromImage makes an Image of Go's: of RGBA, NRGBA, Gray and of JPEG's YCbCr with 4:2:0 as a view of their pixels, of others
// as a copy. Transparency is ignored.
func FromImage(picture image.Image) Image {
	size := picture.Bounds().Size()
	made := Image{Width: size.X, Height: size.Y}
	switch pixels := picture.(type) {
	case *image.RGBA:
		made.Pixels, made.Stride, made.Channels = pixels.Pix, pixels.Stride, 4
		return made
	case *image.NRGBA:
		made.Pixels, made.Stride, made.Channels = pixels.Pix, pixels.Stride, 4
		return made
	case *image.Gray:
		made.Pixels, made.Stride, made.Channels = pixels.Pix, pixels.Stride, 1
		return made
	case *image.YCbCr:
		corner := pixels.Rect.Min
		if pixels.SubsampleRatio == image.YCbCrSubsampleRatio420 && corner.X%2 == 0 && corner.Y%2 == 0 {
			made.Format, made.FullRange = I420, true
			made.Pixels, made.Stride = pixels.Y, pixels.YStride
			made.Chroma, made.ChromaStride = [2][]byte{pixels.Cb, pixels.Cr}, pixels.CStride
			return made
		}
	}
	copied := image.NewNRGBA(image.Rect(0, 0, size.X, size.Y))
	draw.Draw(copied, copied.Rect, picture, picture.Bounds().Min, draw.Src)
	made.Pixels, made.Stride, made.Channels = copied.Pix, copied.Stride, 4
	return made
}

// stride of a plane that holds so many rows of so many bytes.
func checkedStride(what string, plane []byte, row, stride, rows int) (int, error) {
	if stride == 0 {
		stride = row
	}
	high, before := bits.Mul64(uint64(max(rows-1, 0)), uint64(max(stride, 0)))
	if stride < row || high != 0 || before > math.MaxInt64 || uint64(len(plane)) < before+uint64(row) {
		return 0, &Error{InvalidArgument, fmt.Sprintf("%s: %d rows of %d bytes, %d bytes apart, were expected, found %d bytes",
			what, rows, row, stride, len(plane))}
	}
	return stride, nil
}

// raw is the image for C, whose planes pinner keeps where they are.
func (img *Image) raw(pinner *runtime.Pinner) (raw C.trtyolo_image, err error) {
	const mostSide = 1 << 20
	if img.Width < 1 || img.Height < 1 || img.Width > mostSide || img.Height > mostSide {
		return raw, &Error{InvalidArgument, fmt.Sprintf("width and height must be 1 to %d, found %d x %d",
			mostSide, img.Width, img.Height)}
	}
	raw.width, raw.height, raw.format = C.int(img.Width), C.int(img.Height), C.int(img.Format)
	row := img.Width
	switch img.Format {
	case Interleaved:
		channels := img.Channels
		if channels == 0 {
			channels = 3
		}
		if channels != 1 && channels != 3 && channels != 4 {
			return raw, &Error{InvalidArgument, fmt.Sprintf("channels must be 1, 3 or 4, found %d", channels)}
		}
		raw.channels = C.int(channels)
		row *= channels
	case YUYV, Gray16:
		row *= 2
	case NV12, I420:
	default:
		return raw, &Error{InvalidArgument, fmt.Sprintf("format must be one of PixelFormat's, found %d", img.Format)}
	}
	stride, err := checkedStride("Pixels", img.Pixels, row, img.Stride, img.Height)
	if err != nil {
		return raw, err
	}
	raw.pitch = C.size_t(stride)
	raw.pixels = pinned(pinner, img.Pixels)
	for i := 0; i < 2 && (img.Format == I420 || img.Format == NV12 && i == 0); i++ {
		samples := 1
		if img.Format == NV12 {
			samples = 2
		}
		stride, err := checkedStride("Chroma", img.Chroma[i], (img.Width+1)/2*samples, img.ChromaStride, (img.Height+1)/2)
		if err != nil {
			return raw, err
		}
		raw.chroma_pitch = C.size_t(stride)
		raw.chroma[i] = pinned(pinner, img.Chroma[i])
	}
	if img.BT709 {
		raw.matrix = C.TRTYOLO_BT709
	}
	if img.FullRange {
		raw._range = C.TRTYOLO_FULL
	}
	raw.low, raw.high = C.int(img.Low), C.int(img.High)
	raw.memory = C.TRTYOLO_MEMORY_HOST
	raw.part = C.trtyolo_rotated_part{x: C.double(img.Part.X), y: C.double(img.Part.Y), width: C.int(img.Part.Width),
		height: C.int(img.Part.Height), theta: C.double(img.Part.Theta)}
	return raw, nil
}

func pinned(pinner *runtime.Pinner, plane []byte) unsafe.Pointer {
	first := unsafe.Pointer(unsafe.SliceData(plane))
	pinner.Pin(first)
	return first
}

// rawImages are the images for C, until pinner unpins them.
func rawImages(images []Image, pinner *runtime.Pinner) ([]C.trtyolo_image, error) {
	list := make([]C.trtyolo_image, len(images))
	for i := range images {
		var err error
		if list[i], err = images[i].raw(pinner); err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
	}
	return list, nil
}
