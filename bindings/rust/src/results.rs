use std::borrow::Cow;
use std::ffi::CStr;
use std::fmt;

use crate::error::{check, Result};
use crate::handle::{elements, owned_text, Handle};
use crate::sys;

pub use sys::{
    trtyolo_box as BoundingBox, trtyolo_keypoint as KeyPoint, trtyolo_rotated_box as RotatedBox, trtyolo_run as Run,
    trtyolo_times as Times,
};

/// What a network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Task {
    /// Says what an image shows.
    Classify,
    /// Finds objects and their axis-aligned boxes.
    Detect,
    /// Finds objects and their rotated boxes.
    Obb,
    /// Finds objects, their boxes and their masks.
    Segment,
    /// Finds objects, their boxes and their keypoints.
    Pose,
    /// Says of each pixel which class it belongs to.
    Semantic,
    /// Says of each pixel how far away it is.
    Depth,
    /// What a later version of the library knows.
    Unknown,
}

impl Task {
    pub(crate) fn of(raw: sys::trtyolo_task) -> Task {
        match raw {
            sys::TRTYOLO_CLASSIFY => Task::Classify,
            sys::TRTYOLO_DETECT => Task::Detect,
            sys::TRTYOLO_OBB => Task::Obb,
            sys::TRTYOLO_SEGMENT => Task::Segment,
            sys::TRTYOLO_POSE => Task::Pose,
            sys::TRTYOLO_SEMANTIC => Task::Semantic,
            sys::TRTYOLO_DEPTH => Task::Depth,
            _ => Task::Unknown,
        }
    }
}

/// The class of each pixel of the source image.
#[derive(Clone, Copy, Debug)]
pub struct ClassMap<'a> {
    /// Row after row: a class, or `none`.
    pub data: &'a [u16],
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// What pixels have whose class is left out.
    pub none: u16,
    /// Whether the network has one class only: pixels have 1 where it is, and 0 elsewhere.
    pub binary: bool,
}

/// How far away each pixel of the source image is.
#[derive(Clone, Copy, Debug)]
pub struct DepthMap<'a> {
    /// Row after row, in metres.
    pub data: &'a [f32],
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// What a model found in one image. Objects are in the order of falling scores; parts that the task does not have are
/// empty. It never changes, and outlives its model.
pub struct Results {
    handle: Handle<sys::trtyolo_result>,
}

impl Results {
    pub(crate) fn of(raw: *mut sys::trtyolo_result) -> Results {
        Results { handle: Handle::of(raw, sys::trtyolo_result_free) }
    }

    fn raw(&self) -> *const sys::trtyolo_result {
        self.handle.get()
    }

    /// Says which parts there are.
    pub fn task(&self) -> Task {
        // SAFETY: here and below: the object is ours, never changes, and what it gives stays as long as it does.
        Task::of(unsafe { sys::trtyolo_result_task(self.raw()) })
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        unsafe { sys::trtyolo_result_count(self.raw()) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Width and height of the source image, pixels.
    pub fn image_size(&self) -> (usize, usize) {
        size(unsafe { sys::trtyolo_result_image_size(self.raw()) })
    }

    /// How long the prediction took, milliseconds.
    pub fn times(&self) -> Times {
        unsafe { sys::trtyolo_result_times(self.raw()) }
    }

    /// Class index of each object.
    pub fn classes(&self) -> &[i32] {
        unsafe { elements(sys::trtyolo_result_classes(self.raw()), self.len()) }
    }

    /// Confidence of each object, 0 to 1.
    pub fn scores(&self) -> &[f32] {
        unsafe { elements(sys::trtyolo_result_scores(self.raw()), self.len()) }
    }

    /// Class name of object `i`, its index as text where there is no name.
    ///
    /// # Panics
    /// If there is no such object.
    pub fn name(&self, i: usize) -> Cow<'_, str> {
        let name = unsafe { sys::trtyolo_result_name(self.raw(), i) };
        assert!(!name.is_null(), "there are {} objects, and number {i} was asked for", self.len());
        unsafe { CStr::from_ptr(name) }.to_string_lossy()
    }

    /// The box of each object.
    pub fn boxes(&self) -> &[BoundingBox] {
        unsafe { elements(sys::trtyolo_result_boxes(self.raw()), self.len()) }
    }

    /// The rotated box of each object.
    pub fn rotated_boxes(&self) -> &[RotatedBox] {
        unsafe { elements(sys::trtyolo_result_rotated_boxes(self.raw()), self.len()) }
    }

    /// The keypoints of object `i`.
    pub fn keypoints(&self, i: usize) -> &[KeyPoint] {
        let mut count = 0;
        unsafe { elements(sys::trtyolo_result_keypoints(self.raw(), i, &mut count), count) }
    }

    /// Width and height of each mask, pixels.
    pub fn mask_size(&self) -> (usize, usize) {
        size(unsafe { sys::trtyolo_result_mask_size(self.raw()) })
    }

    /// The runs of pixels inside the mask of object `i`, in rising order.
    pub fn mask_runs(&self, i: usize) -> &[Run] {
        let mut count = 0;
        unsafe { elements(sys::trtyolo_result_mask_runs(self.raw(), i, &mut count), count) }
    }

    /// The mask of object `i`, a byte for each pixel, row after row: 1 inside the object, 0 outside.
    pub fn mask(&self, i: usize) -> Result<Vec<u8>> {
        let (width, height) = self.mask_size();
        let mut pixels = vec![0; width * height];
        check(unsafe { sys::trtyolo_result_mask(self.raw(), i, pixels.as_mut_ptr(), pixels.len()) })?;
        Ok(pixels)
    }

    /// The class of each pixel, of a semantic segmenter.
    pub fn semantic(&self) -> Option<ClassMap<'_>> {
        let map = unsafe { sys::trtyolo_result_semantic(self.raw()) };
        let (width, height) = size(sys::trtyolo_size { width: map.width, height: map.height });
        let data = unsafe { elements(map.data, width * height) };
        (!map.data.is_null()).then_some(ClassMap { data, width, height, none: map.none, binary: map.binary })
    }

    /// How many pixels of that map each of `classes()` has.
    pub fn pixels(&self) -> &[usize] {
        unsafe { elements(sys::trtyolo_result_pixels(self.raw()), self.len()) }
    }

    /// The distance of each pixel, of a depth estimator.
    pub fn depth(&self) -> Option<DepthMap<'_>> {
        let map = unsafe { sys::trtyolo_result_depth(self.raw()) };
        let (width, height) = size(sys::trtyolo_size { width: map.width, height: map.height });
        let data = unsafe { elements(map.data, width * height) };
        (!map.data.is_null()).then_some(DepthMap { data, width, height })
    }

    /// The objects as one JSON object on one line, as `trtyolo predict --json` writes them.
    pub fn to_json(&self) -> Result<String> {
        owned_text(|text| unsafe { sys::trtyolo_result_json(self.raw(), text) })
    }
}

impl fmt::Debug for Results {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Results")
            .field("task", &self.task())
            .field("classes", &self.classes())
            .field("scores", &self.scores())
            .finish_non_exhaustive()
    }
}

pub(crate) fn size(size: sys::trtyolo_size) -> (usize, usize) {
    (size.width.max(0) as usize, size.height.max(0) as usize)
}
