//! YOLO models, fast and in parallel: one engine, many clones.
//!
//! ```no_run
//! use trtyolo::{Image, Model, Options};
//!
//! # fn main() -> trtyolo::Result<()> {
//! # let pixels = vec![0; 3 * 1920 * 1080];
//! let mut model = Model::load("yolo11n.onnx", &Options::new())?;
//! let image = Image::rgb(&pixels, 1920, 1080)?;
//! let found = model.predict(&image)?;
//! for i in 0..found.len() {
//!     println!("{} {:.2} {:?}", found.name(i), found.scores()[i], found.boxes()[i]);
//! }
//!
//! let mut clone = model.try_clone()?; // same weights, own execution context: one for each thread
//! clone.predict(&image)?;
//! # Ok(())
//! # }
//! ```
//!
//! It is a safe face of the library's interface in C, [`sys`], whose header says more about each item.
//!
//! Threads: everything is `Send` and `Sync`. What one thread at a time may do, as predicting with a [`Model`], takes
//! `&mut`; a [`Pool`] serves any number of threads.
#![warn(missing_docs)]

mod error;
mod handle;
mod image;
mod model;
mod options;
mod pool;
mod results;
pub mod sys;

use std::ffi::{c_char, CStr};
use std::sync::RwLock;

pub use error::{Error, ErrorKind, Result};
pub use image::{ColorMatrix, ColorRange, Image, Plane};
pub use model::{Info, Model};
pub use options::{Options, PoolOptions};
pub use pool::{Pool, Ticket};
pub use results::{BoundingBox, ClassMap, DepthMap, KeyPoint, Results, RotatedBox, Run, Task, Times};

/// "trtyolo 0.1.0": the version of the library.
pub fn version() -> &'static str {
    // SAFETY: the text is never freed.
    unsafe { handle::text(sys::trtyolo_version()) }
}

/// How many GPUs models can run on.
pub fn gpu_count() -> usize {
    // SAFETY: it takes nothing.
    unsafe { sys::trtyolo_gpu_count() }.max(0) as usize
}

/// How much a message of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// For those who look for a fault.
    Debug,
    /// What takes long or happens once.
    Info,
    /// The library goes on, but somebody may want to know.
    Warning,
    /// Errors of TensorRT.
    Error,
}

/// Called with a message of the log, and how much it matters.
pub type LogCall = fn(LogLevel, &str);

static LOG: RwLock<Option<LogCall>> = RwLock::new(None);

/// From now on messages of the whole process go to `call`; with `None`, as in the beginning, to nobody. Called by any
/// thread, also by several at once; it must not use the library, and not panic.
pub fn set_log(call: Option<LogCall>) {
    unsafe extern "C" fn tell(level: sys::trtyolo_log_level, text: *const c_char) {
        let level = match level {
            sys::TRTYOLO_LOG_DEBUG => LogLevel::Debug,
            sys::TRTYOLO_LOG_INFO => LogLevel::Info,
            sys::TRTYOLO_LOG_WARNING => LogLevel::Warning,
            _ => LogLevel::Error,
        };
        let call = LOG.read().map_or(None, |call| *call);
        if let Some(call) = call {
            call(level, &CStr::from_ptr(text).to_string_lossy());
        }
    }
    if let Ok(mut log) = LOG.write() {
        *log = call;
    }
    // SAFETY: `tell` stays.
    unsafe { sys::trtyolo_set_log(call.map(|_| tell as unsafe extern "C" fn(sys::trtyolo_log_level, *const c_char))) }
}
