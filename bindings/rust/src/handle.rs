use std::ffi::{c_char, CStr, CString};
use std::path::Path;
use std::ptr::{self, NonNull};

use crate::error::{check, Error, Result};
use crate::sys;

/// An object of the library that is freed by `free`.
pub(crate) struct Handle<T> {
    raw: NonNull<T>,
    free: unsafe extern "C" fn(*mut T),
}

// SAFETY: objects of the library may be used and freed by any thread; that no two use one at once where that is not
// allowed is what &mut says in this crate's functions.
unsafe impl<T> Send for Handle<T> {}
unsafe impl<T> Sync for Handle<T> {}

impl<T> Handle<T> {
    /// What `make` gives.
    pub(crate) fn new(
        free: unsafe extern "C" fn(*mut T),
        make: impl FnOnce(*mut *mut T) -> sys::trtyolo_status,
    ) -> Result<Handle<T>> {
        let mut raw = ptr::null_mut();
        check(make(&mut raw))?;
        Ok(Handle::of(raw, free))
    }

    pub(crate) fn of(raw: *mut T, free: unsafe extern "C" fn(*mut T)) -> Handle<T> {
        Handle { raw: NonNull::new(raw).expect("trtyolo gives an object, or an error"), free }
    }

    pub(crate) fn get(&self) -> *mut T {
        self.raw.as_ptr()
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        // SAFETY: it is ours, and this is the last use.
        unsafe { (self.free)(self.raw.as_ptr()) }
    }
}

pub(crate) fn c_text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::invalid(format!("{text:?} has a NUL in it")))
}

pub(crate) fn c_path(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_encoded_bytes()).map_err(|_| Error::invalid(format!("{path:?} has a NUL in it")))
}

/// A text that lives as long as what `'a` is of; empty if there is none.
///
/// # Safety
/// `text` is NULL or valid as long as `'a`.
pub(crate) unsafe fn text<'a>(text: *const c_char) -> &'a str {
    if text.is_null() {
        return "";
    }
    CStr::from_ptr(text).to_str().unwrap_or("\u{fffd}")
}

/// A text that `make` gives to its caller.
pub(crate) fn owned_text(make: impl FnOnce(*mut *mut c_char) -> sys::trtyolo_status) -> Result<String> {
    let text = Handle::new(sys::trtyolo_string_free, make)?;
    // SAFETY: it is a text, and ours.
    Ok(unsafe { CStr::from_ptr(text.get()) }.to_string_lossy().into_owned())
}

/// `count` elements, or none at NULL.
///
/// # Safety
/// `first` is NULL or the first of `count` elements that stay as long as `'a`.
pub(crate) unsafe fn elements<'a, T>(first: *const T, count: usize) -> &'a [T] {
    if first.is_null() {
        return &[];
    }
    std::slice::from_raw_parts(first, count)
}
