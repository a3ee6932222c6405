use std::ffi::c_void;
use std::path::Path;
use std::ptr;
use std::time::Duration;

use crate::error::{check, Result};
use crate::handle::{c_path, c_text, owned_text, Handle};
use crate::image::Image;
use crate::model::{predict_batch, Info, Model};
use crate::options::{Options, PoolOptions};
use crate::results::Results;
use crate::sys;

/// A queue in front of several contexts of one model, for many callers: images that arrive while the network runs share
/// its next run. Everything may be called from any thread at any time.
pub struct Pool {
    handle: Handle<sys::trtyolo_pool>,
}

impl Pool {
    /// A pool of a model, with the thresholds that it has now. It shares the model's engine.
    pub fn new(model: &Model, options: &PoolOptions) -> Result<Pool> {
        // SAFETY: it writes one pointer, and copies what it is given.
        let handle = Handle::new(sys::trtyolo_pool_free, |out| unsafe {
            sys::trtyolo_pool_new(model.raw(), options.raw(), out)
        })?;
        Ok(Pool { handle })
    }

    /// A pool of a model that is loaded from a file; on a CPU with as many streams as suit the machine.
    pub fn load(file: impl AsRef<Path>, options: &Options, pool_options: &PoolOptions) -> Result<Pool> {
        let file = c_path(file.as_ref())?;
        // SAFETY: it writes one pointer, and copies what it is given.
        let handle = Handle::new(sys::trtyolo_pool_free, |out| unsafe {
            sys::trtyolo_pool_load(file.as_ptr(), options.raw(), pool_options.raw(), out)
        })?;
        Ok(Pool { handle })
    }

    /// What is known of its model.
    pub fn info(&self) -> Info<'_> {
        // SAFETY: it stays as long as the pool.
        Info::of(unsafe { sys::trtyolo_pool_info(self.handle.get()) })
    }

    /// Runs at the same time, on all devices together.
    pub fn contexts(&self) -> usize {
        // SAFETY: any thread, any time.
        unsafe { sys::trtyolo_pool_contexts(self.handle.get()) }.max(0) as usize
    }

    /// How many images of one caller keep the pool busy.
    pub fn in_flight(&self) -> usize {
        // SAFETY: any thread, any time.
        unsafe { sys::trtyolo_pool_in_flight(self.handle.get()) }
    }

    /// What the pool has done and is doing, in Prometheus' text format, with the label pool="`name`".
    pub fn metrics(&self, name: &str) -> Result<String> {
        let name = c_text(name)?;
        // SAFETY: any thread, any time.
        owned_text(|text| unsafe { sys::trtyolo_pool_metrics(self.handle.get(), name.as_ptr(), text) })
    }

    /// What is in an image. Waits for it.
    pub fn predict(&self, image: &Image<'_>) -> Result<Results> {
        let mut result = ptr::null_mut();
        // SAFETY: any thread, any time; the pixels are there until the call returns.
        check(unsafe { sys::trtyolo_pool_predict(self.handle.get(), image.raw(), 1, &mut result) })?;
        Ok(Results::of(result))
    }

    /// The same for any number of images, in their order: all of them or none.
    pub fn predict_batch(&self, images: &[Image<'_>]) -> Result<Vec<Results>> {
        predict_batch(images, |first, count, results| {
            // SAFETY: as predict().
            unsafe { sys::trtyolo_pool_predict(self.handle.get(), first, count, results) }
        })
    }

    /// Puts an image into the queue and returns. `image` makes it of `pixels`, which the pool keeps for as long as it
    /// reads them. With a `timeout`, an image whose run has not begun by then is not run.
    ///
    /// ```no_run
    /// # fn submit(pool: trtyolo::Pool, frame: Vec<u8>) -> trtyolo::Result<()> {
    /// let ticket = pool.submit(frame, |frame| trtyolo::Image::rgb(frame, 1920, 1080), None)?;
    /// let results = ticket.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn submit<P, F>(&self, pixels: P, image: F, timeout: Option<Duration>) -> Result<Ticket>
    where
        P: Send + Sync + 'static,
        F: for<'a> FnOnce(&'a P) -> Result<Image<'a>>,
    {
        let kept = Box::new(pixels);
        let raw = *image(&kept)?.raw();
        let how = sys::trtyolo_submission {
            timeout_ms: timeout.map_or(0.0, |timeout| (timeout.as_secs_f64() * 1e3).max(1e-6)),
            when_full: sys::TRTYOLO_FULL_AS_POOL,
            done: None,
            done_data: ptr::null_mut(),
            release: Some(release::<P>),
            release_data: Box::into_raw(kept).cast(),
            reserved: [0; 4],
        };
        // SAFETY: any thread, any time. The pixels stay where they are until `release` is called, which happens once,
        // whatever the call returns.
        let handle = Handle::new(sys::trtyolo_ticket_free, |out| unsafe {
            sys::trtyolo_pool_submit(self.handle.get(), &raw, &how, out)
        })?;
        Ok(Ticket { handle })
    }

    /// Accepts no more images, runs those that wait or, if `drop`, ends them, and returns when all tickets are ready.
    /// Dropping a pool closes it without `drop`.
    pub fn close(&self, drop: bool) -> Result<()> {
        // SAFETY: any thread, any time.
        check(unsafe { sys::trtyolo_pool_close(self.handle.get(), drop) })
    }
}

unsafe extern "C" fn release<P>(pixels: *mut c_void) {
    drop(Box::from_raw(pixels.cast::<P>()));
}

/// Stands for the results of an image that was submitted to a pool. It may outlive the pool; dropping it does not cancel
/// its image.
pub struct Ticket {
    handle: Handle<sys::trtyolo_ticket>,
}

impl Ticket {
    /// Whether [`Ticket::wait`] would return at once.
    pub fn is_ready(&self) -> bool {
        self.wait_for(Duration::ZERO)
    }

    /// Waits until it is ready, for at most so long, and says whether it is.
    pub fn wait_for(&self, time: Duration) -> bool {
        // SAFETY: any thread, any time.
        unsafe { sys::trtyolo_ticket_wait(self.handle.get(), time.as_secs_f64() * 1e3) }
    }

    /// Takes the image out of the queue. False, and without effect, if its run has begun or it is ready.
    pub fn cancel(&self) -> bool {
        // SAFETY: any thread, any time.
        unsafe { sys::trtyolo_ticket_cancel(self.handle.get()) }
    }

    /// Waits for the results, and gives them.
    pub fn wait(self) -> Result<Results> {
        let mut result = ptr::null_mut();
        // SAFETY: `self` says that nobody else gets the result.
        check(unsafe { sys::trtyolo_ticket_get(self.handle.get(), &mut result) })?;
        Ok(Results::of(result))
    }
}
