use std::marker::PhantomData;
use std::os::raw::c_int;

use crate::error::{Error, Result};
use crate::sys;

/// By which standard colours became YUV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorMatrix {
    /// Video of up to 576 lines, mostly; JPEG.
    Bt601,
    /// HD video.
    Bt709,
}

/// The values of YUV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorRange {
    /// Y from 16 to 235, U and V from 16 to 240, as in video.
    Limited,
    /// 0 to 255, as in JPEG.
    Full,
}

/// Rows of bytes, `pitch` bytes apart; a pitch of 0 means rows without gaps.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// From the first byte of the first row on, at least to the last one of the last row.
    pub bytes: &'a [u8],
    /// Bytes from the start of a row to that of the next.
    pub pitch: usize,
}

impl<'a> From<&'a [u8]> for Plane<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Plane { bytes, pitch: 0 }
    }
}

impl<'a> From<&'a Vec<u8>> for Plane<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Plane { bytes, pitch: 0 }
    }
}

impl Plane<'_> {
    /// The pitch of `rows` rows of `row` bytes each, if the plane holds them.
    fn checked(&self, what: &str, row: usize, rows: usize) -> Result<usize> {
        let pitch = if self.pitch == 0 { row } else { self.pitch };
        let needed = rows.saturating_sub(1).checked_mul(pitch).and_then(|before| before.checked_add(row));
        match needed {
            Some(needed) if pitch >= row && self.bytes.len() >= needed => Ok(pitch),
            _ => Err(Error::invalid(format!(
                "{what}: {rows} rows of {row} bytes with a pitch of {pitch} were expected, found {} bytes",
                self.bytes.len()
            ))),
        }
    }
}

/// A view of an image that somebody else owns. The constructors check that the bytes hold what the sizes say.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Image<'a> {
    raw: sys::trtyolo_image,
    pixels: PhantomData<&'a [u8]>,
}

// SAFETY: pixels are only read, and stay as long as 'a.
unsafe impl Send for Image<'_> {}
unsafe impl Sync for Image<'_> {}

const NOTHING: sys::trtyolo_image = sys::trtyolo_image {
    pixels: std::ptr::null(),
    width: 0,
    height: 0,
    channels: 0,
    format: sys::TRTYOLO_INTERLEAVED,
    pitch: 0,
    chroma: [std::ptr::null(); 2],
    chroma_pitch: 0,
    matrix: sys::TRTYOLO_BT601,
    range: sys::TRTYOLO_LIMITED,
    low: 0,
    high: 0,
    memory: sys::TRTYOLO_MEMORY_HOST,
    part: sys::trtyolo_rotated_part { x: 0.0, y: 0.0, width: 0, height: 0, theta: 0.0 },
    reserved: [0; 4],
};

fn side(value: usize) -> Result<c_int> {
    c_int::try_from(value).map_err(|_| Error::invalid(format!("an image of {value} pixels a side")))
}

impl<'a> Image<'a> {
    fn new(format: sys::trtyolo_pixel_format, width: usize, height: usize) -> Result<Image<'a>> {
        let raw = sys::trtyolo_image { width: side(width)?, height: side(height)?, format, ..NOTHING };
        Ok(Image { raw, pixels: PhantomData })
    }

    fn with_luma(mut self, plane: Plane<'a>, row: usize) -> Result<Image<'a>> {
        self.raw.pitch = plane.checked("pixels", row, self.raw.height as usize)?;
        self.raw.pixels = plane.bytes.as_ptr().cast();
        Ok(self)
    }

    fn with_chroma(mut self, i: usize, plane: Plane<'a>, samples: usize) -> Result<Image<'a>> {
        let (width, height) = (self.raw.width as usize, self.raw.height as usize);
        let pitch = plane.checked("chroma", width.div_ceil(2) * samples, height.div_ceil(2))?;
        if i == 1 && pitch != self.raw.chroma_pitch {
            return Err(Error::invalid("the planes of U and V must have the same pitch"));
        }
        self.raw.chroma[i] = plane.bytes.as_ptr().cast();
        self.raw.chroma_pitch = pitch;
        Ok(self)
    }

    /// Three channels of 8 bits, side by side: RGB, or BGR with
    /// [`Options::enable_swap_rb`](crate::Options::enable_swap_rb). Rows without gaps.
    pub fn rgb(pixels: &'a [u8], width: usize, height: usize) -> Result<Image<'a>> {
        Image::interleaved(pixels, width, height, 3)
    }

    /// 1 (grey), 3 or 4 channels (the fourth is ignored) of 8 bits, side by side.
    pub fn interleaved(
        pixels: impl Into<Plane<'a>>,
        width: usize,
        height: usize,
        channels: usize,
    ) -> Result<Image<'a>> {
        if !matches!(channels, 1 | 3 | 4) {
            return Err(Error::invalid(format!("channels must be 1, 3 or 4, found {channels}")));
        }
        let mut image = Image::new(sys::TRTYOLO_INTERLEAVED, width, height)?;
        image.raw.channels = channels as c_int;
        image.with_luma(pixels.into(), width * channels)
    }

    /// YUV 4:2:0: a plane of Y, a plane of pairs U, V. BT.601 and limited, unless [`Image::colors`] says otherwise.
    pub fn nv12(
        luma: impl Into<Plane<'a>>,
        chroma: impl Into<Plane<'a>>,
        width: usize,
        height: usize,
    ) -> Result<Image<'a>> {
        Image::new(sys::TRTYOLO_NV12, width, height)?.with_luma(luma.into(), width)?.with_chroma(0, chroma.into(), 2)
    }

    /// YUV 4:2:0: planes of Y, of U and of V. BT.601 and limited, unless [`Image::colors`] says otherwise.
    pub fn i420(
        luma: impl Into<Plane<'a>>,
        u: impl Into<Plane<'a>>,
        v: impl Into<Plane<'a>>,
        width: usize,
        height: usize,
    ) -> Result<Image<'a>> {
        Image::new(sys::TRTYOLO_I420, width, height)?
            .with_luma(luma.into(), width)?
            .with_chroma(0, u.into(), 1)?
            .with_chroma(1, v.into(), 1)
    }

    /// YUV 4:2:2 in one plane: Y, U, Y, V for two pixels. BT.601 and limited, unless [`Image::colors`] says otherwise.
    pub fn yuyv(pixels: impl Into<Plane<'a>>, width: usize, height: usize) -> Result<Image<'a>> {
        Image::new(sys::TRTYOLO_YUYV, width, height)?.with_luma(pixels.into(), 2 * width)
    }

    /// One channel of 16 bits, lowest byte first: `low` and what is below becomes 0, `high` and what is above 255.
    pub fn gray16(pixels: impl Into<Plane<'a>>, width: usize, height: usize, low: u16, high: u16) -> Result<Image<'a>> {
        if low >= high {
            return Err(Error::invalid(format!("low must be below high, found {low} and {high}")));
        }
        let mut image = Image::new(sys::TRTYOLO_GRAY16, width, height)?.with_luma(pixels.into(), 2 * width)?;
        image.raw.low = low.into();
        image.raw.high = high.into();
        Ok(image)
    }

    /// How the colours of a YUV image were made.
    pub fn colors(mut self, matrix: ColorMatrix, range: ColorRange) -> Image<'a> {
        self.raw.matrix = match matrix {
            ColorMatrix::Bt601 => sys::TRTYOLO_BT601,
            ColorMatrix::Bt709 => sys::TRTYOLO_BT709,
        };
        self.raw.range = match range {
            ColorRange::Limited => sys::TRTYOLO_LIMITED,
            ColorRange::Full => sys::TRTYOLO_FULL,
        };
        self
    }

    /// Only the pixels of a rectangle that is turned about its centre (`x`, `y`) by `theta` radians, clockwise as one
    /// looks at the image; results are in its pixels.
    pub fn rotated_part(mut self, x: f64, y: f64, width: i32, height: i32, theta: f64) -> Image<'a> {
        self.raw.part = sys::trtyolo_rotated_part { x, y, width, height, theta };
        self
    }

    /// Whatever the interface in C takes: images in the memory of a GPU, for example.
    ///
    /// # Safety
    /// Its pointers are those of the pixels that its sizes say, in the memory that it says, as long as `'a`.
    pub unsafe fn from_raw(raw: sys::trtyolo_image) -> Image<'a> {
        Image { raw, pixels: PhantomData }
    }

    pub(crate) fn raw(&self) -> &sys::trtyolo_image {
        &self.raw
    }
}
