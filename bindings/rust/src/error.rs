use std::ffi::CStr;
use std::fmt;

use crate::sys;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// None of the others.
    Other,
    /// An argument, an option or an image makes no sense.
    InvalidArgument,
    /// There is not so much memory.
    OutOfMemory,
    /// A model file cannot be read, is no model, or has outputs that are not understood.
    Model,
    /// Two threads were in one model at once; it takes unsafe code to see it from Rust.
    Busy,
    /// The backend failed while it ran the network.
    Inference,
    /// A GPU is missing, has no memory left, or failed.
    Device,
    /// The queue of a pool is full, and the image is not to wait.
    QueueFull,
    /// The time of an image was over before its run began.
    Deadline,
    /// An image was cancelled while it waited in a pool.
    Cancelled,
    /// A pool is closed, or was while the image waited.
    Closed,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::InvalidArgument, message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// What can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error that `status`, which this thread's last call gave, is; nothing if it is none.
pub(crate) fn check(status: sys::trtyolo_status) -> Result<()> {
    let kind = match status {
        sys::TRTYOLO_OK => return Ok(()),
        sys::TRTYOLO_INVALID_ARGUMENT => ErrorKind::InvalidArgument,
        sys::TRTYOLO_OUT_OF_MEMORY => ErrorKind::OutOfMemory,
        sys::TRTYOLO_MODEL_ERROR => ErrorKind::Model,
        sys::TRTYOLO_BUSY => ErrorKind::Busy,
        sys::TRTYOLO_INFERENCE_ERROR => ErrorKind::Inference,
        sys::TRTYOLO_DEVICE_ERROR => ErrorKind::Device,
        sys::TRTYOLO_QUEUE_FULL => ErrorKind::QueueFull,
        sys::TRTYOLO_DEADLINE => ErrorKind::Deadline,
        sys::TRTYOLO_CANCELLED => ErrorKind::Cancelled,
        sys::TRTYOLO_CLOSED => ErrorKind::Closed,
        _ => ErrorKind::Other,
    };
    // SAFETY: the message is valid until another call of this thread fails.
    let message = unsafe { CStr::from_ptr(sys::trtyolo_last_error()) };
    Err(Error { kind, message: message.to_string_lossy().into_owned() })
}
