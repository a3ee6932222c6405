use std::ffi::c_char;
use std::marker::PhantomData;
use std::path::Path;
use std::ptr;

use crate::error::{check, Result};
use crate::handle::{c_path, c_text, text, Handle};
use crate::image::Image;
use crate::options::Options;
use crate::results::{size, Results, Task};
use crate::sys;

/// What is known of a model.
#[derive(Clone, Copy)]
pub struct Info<'a> {
    raw: *const sys::trtyolo_info,
    of: PhantomData<&'a ()>,
}

// SAFETY: it never changes, and stays as long as 'a.
unsafe impl Send for Info<'_> {}
unsafe impl Sync for Info<'_> {}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $function:ident;)*) => {
        $($(#[$doc])*
        pub fn $name(&self) -> &'a str {
            // SAFETY: the text stays as long as 'a.
            unsafe { text(sys::$function(self.raw)) }
        })*
    };
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $function:ident;)*) => {
        $($(#[$doc])*
        pub fn $name(&self) -> usize {
            // SAFETY: the object stays as long as 'a.
            unsafe { sys::$function(self.raw) }.max(0) as usize
        })*
    };
}

impl<'a> Info<'a> {
    pub(crate) fn of(raw: *const sys::trtyolo_info) -> Info<'a> {
        Info { raw, of: PhantomData }
    }

    texts! {
        /// The file, as it was named.
        file = trtyolo_info_file;
        /// "openvino" or "tensorrt".
        backend = trtyolo_info_backend;
        /// Full name of the processor, or of the GPU with its number.
        device = trtyolo_info_device;
        /// Arithmetic that was asked for: "f32", "f16", "bf16" or "auto".
        precision = trtyolo_info_precision;
        /// Whose conventions are followed: "ultralytics", "yolox", ...
        family = trtyolo_info_family;
        /// How the outputs are read, in words.
        layout = trtyolo_info_layout;
        /// How much of the network runs, in words.
        head = trtyolo_info_head;
    }

    numbers! {
        /// Coarsest stride, pixels.
        stride = trtyolo_info_stride;
        /// Most images in one run of the network.
        batch = trtyolo_info_batch;
        /// Points of an object, of pose estimators.
        keypoints = trtyolo_info_keypoints;
        /// What the network says of a point: 2 values (x, y) or 3 (x, y, confidence).
        keypoint_dims = trtyolo_info_keypoint_dims;
    }

    /// What the network is for.
    pub fn task(&self) -> Task {
        // SAFETY: here and below: the object stays as long as 'a.
        Task::of(unsafe { sys::trtyolo_info_task(self.raw) })
    }

    /// How many classes there are; 0 if that is not known.
    pub fn class_count(&self) -> usize {
        unsafe { sys::trtyolo_info_class_count(self.raw) }
    }

    /// The name of a class, if it has one.
    pub fn class_name(&self, index: i32) -> Option<&'a str> {
        given(unsafe { sys::trtyolo_info_class_name(self.raw, index) })
    }

    /// What the file says of itself under this name.
    pub fn metadata(&self, name: &str) -> Option<&'a str> {
        let name = c_text(name).ok()?;
        given(unsafe { sys::trtyolo_info_metadata(self.raw, name.as_ptr()) })
    }

    /// Width and height of the network's input, pixels; the largest, of models with dynamic sizes.
    pub fn network_size(&self) -> (usize, usize) {
        size(unsafe { sys::trtyolo_info_network_size(self.raw) })
    }
}

fn given<'a>(raw: *const c_char) -> Option<&'a str> {
    // SAFETY: NULL or a text of the object whose Info asks.
    (!raw.is_null()).then(|| unsafe { text(raw) })
}

/// A loaded network of any task. It has an execution context of its own and a share of the engine, which holds the
/// weights; the engine goes with the last model that shares it.
///
/// A model is `Send` and `Sync`: it may go to another thread, and be cloned and set by several at once. Predicting takes
/// `&mut`, so that two threads in one model, which the library would refuse, do not compile: give each thread a clone.
pub struct Model {
    handle: Handle<sys::trtyolo_model>,
}

macro_rules! thresholds {
    ($($(#[$doc:meta])* $name:ident($argument:ident: $type:ty) = $function:ident;)*) => {
        $($(#[$doc])*
        pub fn $name(&self, $argument: $type) -> Result<()> {
            // SAFETY: any thread may set thresholds at any time.
            check(unsafe { sys::$function(self.handle.get(), $argument) })
        })*
    };
}

impl Model {
    /// Loads a file: ONNX (.onnx), OpenVINO IR (.xml beside its .bin) or a TensorRT engine (.engine).
    pub fn load(file: impl AsRef<Path>, options: &Options) -> Result<Model> {
        let file = c_path(file.as_ref())?;
        // SAFETY: it writes one pointer, and copies what it is given.
        let handle = Handle::new(sys::trtyolo_model_free, |out| unsafe {
            sys::trtyolo_model_load(file.as_ptr(), options.raw(), out)
        })?;
        Ok(Model { handle })
    }

    /// A model on the same engine with a context and thresholds of its own: for another thread. Cheap, any depth.
    pub fn try_clone(&self) -> Result<Model> {
        // SAFETY: any thread may clone at any time.
        let handle =
            Handle::new(sys::trtyolo_model_free, |out| unsafe { sys::trtyolo_model_clone(self.handle.get(), out) })?;
        Ok(Model { handle })
    }

    /// A clone on another GPU; the first one there loads the engine from the model's file.
    pub fn try_clone_on(&self, device_id: i32) -> Result<Model> {
        // SAFETY: any thread may clone at any time.
        let handle = Handle::new(sys::trtyolo_model_free, |out| unsafe {
            sys::trtyolo_model_clone_on(self.handle.get(), device_id, out)
        })?;
        Ok(Model { handle })
    }

    /// What is known of it.
    pub fn info(&self) -> Info<'_> {
        // SAFETY: it stays as long as the model.
        Info::of(unsafe { sys::trtyolo_model_info(self.handle.get()) })
    }

    /// What is in an image.
    pub fn predict(&mut self, image: &Image<'_>) -> Result<Results> {
        let mut result = ptr::null_mut();
        // SAFETY: &mut says that no other thread predicts; the pixels are there until the call returns.
        check(unsafe { sys::trtyolo_model_predict(self.handle.get(), image.raw(), 1, &mut result) })?;
        Ok(Results::of(result))
    }

    /// The same for any number of images of any sizes, in their order: all of them or none.
    pub fn predict_batch(&mut self, images: &[Image<'_>]) -> Result<Vec<Results>> {
        predict_batch(images, |first, count, results| {
            // SAFETY: as predict().
            unsafe { sys::trtyolo_model_predict(self.handle.get(), first, count, results) }
        })
    }

    thresholds! {
        /// Objects must score more than this, 0 to 1; 0.25 by default.
        set_confidence(threshold: f32) = trtyolo_model_set_confidence;
        /// Of two boxes of a class that overlap by more than this, the one with the lower score is dropped; 0.7 by
        /// default.
        set_iou(threshold: f32) = trtyolo_model_set_iou;
        /// Most objects of an image, at least 1; 300 by default.
        set_max_detections(most: i32) = trtyolo_model_set_max_detections;
        /// Whether boxes of different classes suppress each other, too. Off by default.
        set_agnostic(agnostic: bool) = trtyolo_model_set_agnostic;
        /// How many classes a classifier gives, at least 1; 5 by default.
        set_top_k(classes: i32) = trtyolo_model_set_top_k;
        /// Whether masks have the size of the source image (on, the default) or of the network's input.
        set_retina_masks(retina: bool) = trtyolo_model_set_retina_masks;
    }

    /// Keeps only these classes; none, the default, keeps all.
    pub fn set_classes(&self, classes: &[i32]) -> Result<()> {
        // SAFETY: any thread may set thresholds at any time; the numbers are copied.
        check(unsafe { sys::trtyolo_model_set_classes(self.handle.get(), classes.as_ptr(), classes.len()) })
    }

    pub(crate) fn raw(&self) -> *const sys::trtyolo_model {
        self.handle.get()
    }
}

/// The results that `predict` writes for these images.
pub(crate) fn predict_batch(
    images: &[Image<'_>],
    predict: impl FnOnce(*const sys::trtyolo_image, usize, *mut *mut sys::trtyolo_result) -> sys::trtyolo_status,
) -> Result<Vec<Results>> {
    let mut results = vec![ptr::null_mut(); images.len()];
    check(predict(images.as_ptr().cast(), images.len(), results.as_mut_ptr()))?;
    Ok(results.into_iter().map(Results::of).collect())
}
