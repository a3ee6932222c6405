use std::ffi::{c_char, c_int, CString};
use std::path::Path;

use crate::error::{check, Result};
use crate::handle::{c_path, c_text, Handle};
use crate::sys;

/// How a model is loaded and run. Setters chain by `?`, and refuse what makes no sense.
///
/// ```no_run
/// let mut options = trtyolo::Options::new();
/// options.set_streams(0)?.set_precision("f16")?;
/// # Ok::<(), trtyolo::Error>(())
/// ```
pub struct Options {
    handle: Handle<sys::trtyolo_options>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) = $function:ident;)*) => {
        $($(#[$doc])*
        pub fn $name(&mut self, $($argument: $type),*) -> Result<&mut Self> {
            // SAFETY: the object is ours, and &mut says that nobody else uses it.
            check(unsafe { sys::$function(self.handle.get(), $($argument),*) })?;
            Ok(self)
        })*
    };
}

macro_rules! text_setters {
    ($($(#[$doc:meta])* $name:ident($argument:ident) = $function:ident;)*) => {
        $($(#[$doc])*
        pub fn $name(&mut self, $argument: &str) -> Result<&mut Self> {
            let text = c_text($argument)?;
            // SAFETY: the object is ours, and &mut says that nobody else uses it; the text is copied.
            check(unsafe { sys::$function(self.handle.get(), text.as_ptr()) })?;
            Ok(self)
        })*
    };
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// The usual values.
    ///
    /// # Panics
    /// If there is no memory for them, as other collections do.
    pub fn new() -> Options {
        // SAFETY: it writes one pointer.
        let handle = Handle::new(sys::trtyolo_options_free, |out| unsafe { sys::trtyolo_options_new(out) });
        Options { handle: handle.expect("memory for options") }
    }

    setters! {
        /// Says that images are BGR, not RGB.
        enable_swap_rb() = trtyolo_options_enable_swap_rb;
        /// Says that the network takes BGR, whatever images are. By default what its family takes.
        set_bgr_network(bgr: bool) = trtyolo_options_set_bgr_network;
        /// Value of the brightest pixel in the network's input, above 0: 1 for most, 255 for YOLOX.
        set_pixel_scale(scale: f32) = trtyolo_options_set_pixel_scale;
        /// Letterbox fill, 0 to 255; 114 for most.
        set_border_value(value: f32) = trtyolo_options_set_border_value;
        /// Says that every image will be of this size, in pixels; others are then refused.
        set_input_dimensions(width: i32, height: i32) = trtyolo_options_set_input_dimensions;
        /// GPU ordinal, 0 by default. Without effect on a CPU.
        set_device_id(id: i32) = trtyolo_options_set_device_id;
        /// Unified-memory buffers on a GPU; without effect on a CPU.
        enable_managed_memory() = trtyolo_options_enable_managed_memory;
        /// How many predictions run side by side on a CPU: 1 (the default) for the lowest latency, N to let N clones run
        /// at once, 0 for what suits the machine.
        set_streams(streams: i32) = trtyolo_options_set_streams;
        /// How many threads the engine may use on a CPU; 0, the default: one a core.
        set_threads(threads: i32) = trtyolo_options_set_threads;
        /// Network input of models with dynamic sizes, in pixels, both multiples of the model's stride.
        set_network_size(width: i32, height: i32) = trtyolo_options_set_network_size;
        /// Of models with dynamic sizes: letterbox each image into the smallest rectangle that holds it (on by default).
        set_rect(rect: bool) = trtyolo_options_set_rect;
        /// Most images in one run of the network, of models with a dynamic batch; 1 by default.
        set_batch(batch: i32) = trtyolo_options_set_batch;
        /// First value of [`Model::set_confidence`](crate::Model::set_confidence).
        set_confidence(threshold: f32) = trtyolo_options_set_confidence;
        /// First value of [`Model::set_iou`](crate::Model::set_iou).
        set_iou(threshold: f32) = trtyolo_options_set_iou;
        /// First value of [`Model::set_max_detections`](crate::Model::set_max_detections).
        set_max_detections(most: i32) = trtyolo_options_set_max_detections;
        /// First value of [`Model::set_agnostic`](crate::Model::set_agnostic).
        set_agnostic(agnostic: bool) = trtyolo_options_set_agnostic;
        /// First value of [`Model::set_top_k`](crate::Model::set_top_k).
        set_top_k(classes: i32) = trtyolo_options_set_top_k;
        /// First value of [`Model::set_retina_masks`](crate::Model::set_retina_masks).
        set_retina_masks(retina: bool) = trtyolo_options_set_retina_masks;
    }

    text_setters! {
        /// Where images lie in the network's input: "auto" (the default), "center", "topleft" or "stretch".
        set_letterbox(mode) = trtyolo_options_set_letterbox;
        /// What runs the network: "auto" (the default), "openvino" or "tensorrt".
        set_backend(backend) = trtyolo_options_set_backend;
        /// Arithmetic of the network: "f32" (the default, exact), "f16", "bf16" or "auto".
        set_precision(precision) = trtyolo_options_set_precision;
        /// What becomes of the self-test that the file holds: "off", "warn" (the default) or "refuse".
        set_self_test(mode) = trtyolo_options_set_self_test;
        /// Task of a model whose file does not name it: "classify", "detect", "obb", "segment", "pose", "semantic" or
        /// "depth".
        set_task(task) = trtyolo_options_set_task;
        /// Layout of the output where the file does not tell it: "auto", "class_scores", "objectness" or "end_to_end".
        set_layout(layout) = trtyolo_options_set_layout;
        /// Whose file it is, where the file does not tell: "ultralytics", "yolov5", "yolox", "rfdetr", ...
        set_family(family) = trtyolo_options_set_family;
        /// Whether the network's head is cut off and computed here: "auto" (the default), "whole" or "cut".
        set_head(mode) = trtyolo_options_set_head;
    }

    /// Normalisation after the division by 255, in the order of the network's channels: (x / 255 - mean) / std.
    pub fn set_normalize_params(&mut self, mean: [f32; 3], std: [f32; 3]) -> Result<&mut Self> {
        // SAFETY: the object is ours; three values each are read.
        check(unsafe { sys::trtyolo_options_set_normalize_params(self.handle.get(), mean.as_ptr(), std.as_ptr()) })?;
        Ok(self)
    }

    /// Class names in the order of their indices, in place of the file's.
    pub fn set_names<T: AsRef<str>>(&mut self, names: &[T]) -> Result<&mut Self> {
        let names = names.iter().map(|name| c_text(name.as_ref())).collect::<Result<Vec<_>>>()?;
        let pointers = pointers(&names);
        // SAFETY: the object is ours; the texts are copied.
        check(unsafe { sys::trtyolo_options_set_names(self.handle.get(), pointers.as_ptr(), pointers.len()) })?;
        Ok(self)
    }

    /// Shared libraries with TensorRT plugins that an engine needs. They run their own code: load none that you do not
    /// trust.
    pub fn set_plugin_libraries<T: AsRef<Path>>(&mut self, files: &[T]) -> Result<&mut Self> {
        let files = files.iter().map(|file| c_path(file.as_ref())).collect::<Result<Vec<_>>>()?;
        let pointers = pointers(&files);
        // SAFETY: the object is ours; the texts are copied.
        check(unsafe {
            sys::trtyolo_options_set_plugin_libraries(self.handle.get(), pointers.as_ptr(), pointers.len())
        })?;
        Ok(self)
    }

    /// First value of [`Model::set_classes`](crate::Model::set_classes).
    pub fn set_classes(&mut self, classes: &[i32]) -> Result<&mut Self> {
        // SAFETY: the object is ours; the numbers are copied.
        check(unsafe { sys::trtyolo_options_set_classes(self.handle.get(), classes.as_ptr(), classes.len()) })?;
        Ok(self)
    }

    pub(crate) fn raw(&self) -> *const sys::trtyolo_options {
        self.handle.get()
    }
}

fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).collect()
}

/// How a pool works. Making a pool refuses what makes no sense.
pub struct PoolOptions {
    handle: Handle<sys::trtyolo_pool_options>,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl PoolOptions {
    /// The usual values.
    ///
    /// # Panics
    /// If there is no memory for them, as other collections do.
    pub fn new() -> PoolOptions {
        // SAFETY: it writes one pointer.
        let handle = Handle::new(sys::trtyolo_pool_options_free, |out| unsafe { sys::trtyolo_pool_options_new(out) });
        PoolOptions { handle: handle.expect("memory for options") }
    }

    setters! {
        /// Runs at the same time, on each device; 0, the default: what keeps the machine busy.
        set_contexts(contexts: i32) = trtyolo_pool_options_set_contexts;
        /// Most images in one run; 0, the default: the model's batch.
        set_max_batch_size(size: i32) = trtyolo_pool_options_set_max_batch_size;
        /// How many milliseconds an image may wait for others to share its run with; 2 by default.
        set_max_queue_delay(milliseconds: f64) = trtyolo_pool_options_set_max_queue_delay;
        /// Most images that wait in the queue; 0, the default: four runs for each context, but at least 64.
        set_queue_length(length: usize) = trtyolo_pool_options_set_queue_length;
        /// Whether an image that finds the queue full is refused. By default its caller waits.
        set_reject(reject: bool) = trtyolo_pool_options_set_reject;
        /// All GPUs of the machine; for a model on the CPU that is the CPU.
        set_all_devices() = trtyolo_pool_options_set_all_devices;
    }

    /// GPUs that the pool runs images on. By default that of the model alone.
    pub fn set_devices(&mut self, ids: &[c_int]) -> Result<&mut Self> {
        // SAFETY: the object is ours; the numbers are copied.
        check(unsafe { sys::trtyolo_pool_options_set_devices(self.handle.get(), ids.as_ptr(), ids.len()) })?;
        Ok(self)
    }

    pub(crate) fn raw(&self) -> *const sys::trtyolo_pool_options {
        self.handle.get()
    }
}
