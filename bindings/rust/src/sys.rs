//! include/trtyolo.h, item by item, made by tests/c/declarations.py --write. See the header for what they mean.
#![allow(non_camel_case_types, missing_docs)]

use std::ffi::{c_char, c_int, c_void};

/// The version of the interface that this file is of.
pub const TRTYOLO_C_VERSION: c_int = 1;

pub type trtyolo_status = c_int;
pub const TRTYOLO_OK: trtyolo_status = 0;
pub const TRTYOLO_ERROR: trtyolo_status = 1;
pub const TRTYOLO_INVALID_ARGUMENT: trtyolo_status = 2;
pub const TRTYOLO_OUT_OF_MEMORY: trtyolo_status = 3;
pub const TRTYOLO_MODEL_ERROR: trtyolo_status = 4;
pub const TRTYOLO_BUSY: trtyolo_status = 5;
pub const TRTYOLO_INFERENCE_ERROR: trtyolo_status = 6;
pub const TRTYOLO_DEVICE_ERROR: trtyolo_status = 7;
pub const TRTYOLO_QUEUE_FULL: trtyolo_status = 8;
pub const TRTYOLO_DEADLINE: trtyolo_status = 9;
pub const TRTYOLO_CANCELLED: trtyolo_status = 10;
pub const TRTYOLO_CLOSED: trtyolo_status = 11;

pub type trtyolo_log_level = c_int;
pub const TRTYOLO_LOG_DEBUG: trtyolo_log_level = 0;
pub const TRTYOLO_LOG_INFO: trtyolo_log_level = 1;
pub const TRTYOLO_LOG_WARNING: trtyolo_log_level = 2;
pub const TRTYOLO_LOG_ERROR: trtyolo_log_level = 3;

pub type trtyolo_pixel_format = c_int;
pub const TRTYOLO_INTERLEAVED: trtyolo_pixel_format = 0;
pub const TRTYOLO_NV12: trtyolo_pixel_format = 1;
pub const TRTYOLO_I420: trtyolo_pixel_format = 2;
pub const TRTYOLO_YUYV: trtyolo_pixel_format = 3;
pub const TRTYOLO_GRAY16: trtyolo_pixel_format = 4;

pub type trtyolo_color_matrix = c_int;
pub const TRTYOLO_BT601: trtyolo_color_matrix = 0;
pub const TRTYOLO_BT709: trtyolo_color_matrix = 1;

pub type trtyolo_color_range = c_int;
pub const TRTYOLO_LIMITED: trtyolo_color_range = 0;
pub const TRTYOLO_FULL: trtyolo_color_range = 1;

pub type trtyolo_image_memory = c_int;
pub const TRTYOLO_MEMORY_AS_OPTION: trtyolo_image_memory = 0;
pub const TRTYOLO_MEMORY_HOST: trtyolo_image_memory = 1;
pub const TRTYOLO_MEMORY_DEVICE: trtyolo_image_memory = 2;

pub type trtyolo_task = c_int;
pub const TRTYOLO_CLASSIFY: trtyolo_task = 0;
pub const TRTYOLO_DETECT: trtyolo_task = 1;
pub const TRTYOLO_OBB: trtyolo_task = 2;
pub const TRTYOLO_SEGMENT: trtyolo_task = 3;
pub const TRTYOLO_POSE: trtyolo_task = 4;
pub const TRTYOLO_SEMANTIC: trtyolo_task = 5;
pub const TRTYOLO_DEPTH: trtyolo_task = 6;

pub type trtyolo_when_full = c_int;
pub const TRTYOLO_FULL_AS_POOL: trtyolo_when_full = 0;
pub const TRTYOLO_FULL_BLOCK: trtyolo_when_full = 1;
pub const TRTYOLO_FULL_REJECT: trtyolo_when_full = 2;

#[repr(C)]
pub struct trtyolo_options {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct trtyolo_info {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct trtyolo_result {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct trtyolo_model {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct trtyolo_pool_options {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct trtyolo_pool {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct trtyolo_ticket {
    _opaque: [u8; 0],
}

pub type trtyolo_log_callback = Option<unsafe extern "C" fn(level: trtyolo_log_level, text: *const c_char)>;

pub type trtyolo_done_callback = Option<
    unsafe extern "C" fn(
        data: *mut c_void,
        status: trtyolo_status,
        message: *const c_char,
        result: *mut trtyolo_result,
    ),
>;

pub type trtyolo_release_callback = Option<unsafe extern "C" fn(data: *mut c_void)>;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trtyolo_rotated_part {
    pub x: f64,
    pub y: f64,
    pub width: c_int,
    pub height: c_int,
    pub theta: f64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trtyolo_image {
    pub pixels: *const c_void,
    pub width: c_int,
    pub height: c_int,
    pub channels: c_int,
    pub format: c_int,
    pub pitch: usize,
    pub chroma: [*const c_void; 2],
    pub chroma_pitch: usize,
    pub matrix: c_int,
    pub range: c_int,
    pub low: c_int,
    pub high: c_int,
    pub memory: c_int,
    pub part: trtyolo_rotated_part,
    pub reserved: [u64; 4],
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trtyolo_size {
    pub width: c_int,
    pub height: c_int,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trtyolo_box {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trtyolo_rotated_box {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
    pub theta: f32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trtyolo_keypoint {
    pub x: f32,
    pub y: f32,
    pub conf: f32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trtyolo_run {
    pub begin: u32,
    pub end: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trtyolo_class_map {
    pub data: *const u16,
    pub width: c_int,
    pub height: c_int,
    pub none: u16,
    pub binary: bool,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trtyolo_depth_map {
    pub data: *const f32,
    pub width: c_int,
    pub height: c_int,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trtyolo_times {
    pub preprocess: f64,
    pub inference: f64,
    pub postprocess: f64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trtyolo_submission {
    pub timeout_ms: f64,
    pub when_full: c_int,
    pub done: trtyolo_done_callback,
    pub done_data: *mut c_void,
    pub release: trtyolo_release_callback,
    pub release_data: *mut c_void,
    pub reserved: [u64; 4],
}

extern "C" {
    pub fn trtyolo_c_version() -> c_int;
    pub fn trtyolo_version() -> *const c_char;
    pub fn trtyolo_gpu_count() -> c_int;
    pub fn trtyolo_last_error() -> *const c_char;
    pub fn trtyolo_set_log(call: trtyolo_log_callback);
    pub fn trtyolo_string_free(text: *mut c_char);
    pub fn trtyolo_options_new(options: *mut *mut trtyolo_options) -> trtyolo_status;
    pub fn trtyolo_options_free(options: *mut trtyolo_options);
    pub fn trtyolo_options_enable_swap_rb(options: *mut trtyolo_options) -> trtyolo_status;
    pub fn trtyolo_options_set_bgr_network(options: *mut trtyolo_options, bgr: bool) -> trtyolo_status;
    pub fn trtyolo_options_set_pixel_scale(options: *mut trtyolo_options, scale: f32) -> trtyolo_status;
    pub fn trtyolo_options_set_letterbox(options: *mut trtyolo_options, mode: *const c_char) -> trtyolo_status;
    pub fn trtyolo_options_set_border_value(options: *mut trtyolo_options, value: f32) -> trtyolo_status;
    pub fn trtyolo_options_set_normalize_params(
        options: *mut trtyolo_options,
        mean: *const f32,
        std: *const f32,
    ) -> trtyolo_status;
    pub fn trtyolo_options_set_input_dimensions(
        options: *mut trtyolo_options,
        width: c_int,
        height: c_int,
    ) -> trtyolo_status;
    pub fn trtyolo_options_set_device_id(options: *mut trtyolo_options, id: c_int) -> trtyolo_status;
    pub fn trtyolo_options_enable_cuda_mem(options: *mut trtyolo_options) -> trtyolo_status;
    pub fn trtyolo_options_enable_managed_memory(options: *mut trtyolo_options) -> trtyolo_status;
    pub fn trtyolo_options_set_backend(options: *mut trtyolo_options, backend: *const c_char) -> trtyolo_status;
    pub fn trtyolo_options_set_precision(options: *mut trtyolo_options, precision: *const c_char) -> trtyolo_status;
    pub fn trtyolo_options_set_plugin_libraries(
        options: *mut trtyolo_options,
        files: *const *const c_char,
        count: usize,
    ) -> trtyolo_status;
    pub fn trtyolo_options_set_streams(options: *mut trtyolo_options, streams: c_int) -> trtyolo_status;
    pub fn trtyolo_options_set_threads(options: *mut trtyolo_options, threads: c_int) -> trtyolo_status;
    pub fn trtyolo_options_set_self_test(options: *mut trtyolo_options, mode: *const c_char) -> trtyolo_status;
    pub fn trtyolo_options_set_task(options: *mut trtyolo_options, task: *const c_char) -> trtyolo_status;
    pub fn trtyolo_options_set_names(
        options: *mut trtyolo_options,
        names: *const *const c_char,
        count: usize,
    ) -> trtyolo_status;
    pub fn trtyolo_options_set_layout(options: *mut trtyolo_options, layout: *const c_char) -> trtyolo_status;
    pub fn trtyolo_options_set_family(options: *mut trtyolo_options, family: *const c_char) -> trtyolo_status;
    pub fn trtyolo_options_set_head(options: *mut trtyolo_options, mode: *const c_char) -> trtyolo_status;
    pub fn trtyolo_options_set_network_size(
        options: *mut trtyolo_options,
        width: c_int,
        height: c_int,
    ) -> trtyolo_status;
    pub fn trtyolo_options_set_rect(options: *mut trtyolo_options, rect: bool) -> trtyolo_status;
    pub fn trtyolo_options_set_batch(options: *mut trtyolo_options, batch: c_int) -> trtyolo_status;
    pub fn trtyolo_options_set_confidence(options: *mut trtyolo_options, threshold: f32) -> trtyolo_status;
    pub fn trtyolo_options_set_iou(options: *mut trtyolo_options, threshold: f32) -> trtyolo_status;
    pub fn trtyolo_options_set_max_detections(options: *mut trtyolo_options, most: c_int) -> trtyolo_status;
    pub fn trtyolo_options_set_classes(
        options: *mut trtyolo_options,
        classes: *const c_int,
        count: usize,
    ) -> trtyolo_status;
    pub fn trtyolo_options_set_agnostic(options: *mut trtyolo_options, agnostic: bool) -> trtyolo_status;
    pub fn trtyolo_options_set_top_k(options: *mut trtyolo_options, classes: c_int) -> trtyolo_status;
    pub fn trtyolo_options_set_retina_masks(options: *mut trtyolo_options, retina: bool) -> trtyolo_status;
    pub fn trtyolo_info_task(info: *const trtyolo_info) -> trtyolo_task;
    pub fn trtyolo_info_file(info: *const trtyolo_info) -> *const c_char;
    pub fn trtyolo_info_backend(info: *const trtyolo_info) -> *const c_char;
    pub fn trtyolo_info_device(info: *const trtyolo_info) -> *const c_char;
    pub fn trtyolo_info_precision(info: *const trtyolo_info) -> *const c_char;
    pub fn trtyolo_info_family(info: *const trtyolo_info) -> *const c_char;
    pub fn trtyolo_info_layout(info: *const trtyolo_info) -> *const c_char;
    pub fn trtyolo_info_head(info: *const trtyolo_info) -> *const c_char;
    pub fn trtyolo_info_metadata(info: *const trtyolo_info, name: *const c_char) -> *const c_char;
    pub fn trtyolo_info_class_count(info: *const trtyolo_info) -> usize;
    pub fn trtyolo_info_class_name(info: *const trtyolo_info, index: c_int) -> *const c_char;
    pub fn trtyolo_info_network_size(info: *const trtyolo_info) -> trtyolo_size;
    pub fn trtyolo_info_stride(info: *const trtyolo_info) -> c_int;
    pub fn trtyolo_info_batch(info: *const trtyolo_info) -> c_int;
    pub fn trtyolo_info_keypoints(info: *const trtyolo_info) -> c_int;
    pub fn trtyolo_info_keypoint_dims(info: *const trtyolo_info) -> c_int;
    pub fn trtyolo_result_free(result: *mut trtyolo_result);
    pub fn trtyolo_result_task(result: *const trtyolo_result) -> trtyolo_task;
    pub fn trtyolo_result_count(result: *const trtyolo_result) -> usize;
    pub fn trtyolo_result_image_size(result: *const trtyolo_result) -> trtyolo_size;
    pub fn trtyolo_result_times(result: *const trtyolo_result) -> trtyolo_times;
    pub fn trtyolo_result_classes(result: *const trtyolo_result) -> *const c_int;
    pub fn trtyolo_result_scores(result: *const trtyolo_result) -> *const f32;
    pub fn trtyolo_result_name(result: *const trtyolo_result, i: usize) -> *const c_char;
    pub fn trtyolo_result_boxes(result: *const trtyolo_result) -> *const trtyolo_box;
    pub fn trtyolo_result_rotated_boxes(result: *const trtyolo_result) -> *const trtyolo_rotated_box;
    pub fn trtyolo_result_keypoints(
        result: *const trtyolo_result,
        i: usize,
        count: *mut usize,
    ) -> *const trtyolo_keypoint;
    pub fn trtyolo_result_mask_size(result: *const trtyolo_result) -> trtyolo_size;
    pub fn trtyolo_result_mask_runs(result: *const trtyolo_result, i: usize, count: *mut usize) -> *const trtyolo_run;
    pub fn trtyolo_result_mask(result: *const trtyolo_result, i: usize, pixels: *mut u8, size: usize)
        -> trtyolo_status;
    pub fn trtyolo_result_semantic(result: *const trtyolo_result) -> trtyolo_class_map;
    pub fn trtyolo_result_pixels(result: *const trtyolo_result) -> *const usize;
    pub fn trtyolo_result_depth(result: *const trtyolo_result) -> trtyolo_depth_map;
    pub fn trtyolo_result_json(result: *const trtyolo_result, text: *mut *mut c_char) -> trtyolo_status;
    pub fn trtyolo_model_load(
        file: *const c_char,
        options: *const trtyolo_options,
        model: *mut *mut trtyolo_model,
    ) -> trtyolo_status;
    pub fn trtyolo_model_clone(model: *const trtyolo_model, clone: *mut *mut trtyolo_model) -> trtyolo_status;
    pub fn trtyolo_model_clone_on(
        model: *const trtyolo_model,
        device_id: c_int,
        clone: *mut *mut trtyolo_model,
    ) -> trtyolo_status;
    pub fn trtyolo_model_free(model: *mut trtyolo_model);
    pub fn trtyolo_model_info(model: *const trtyolo_model) -> *const trtyolo_info;
    pub fn trtyolo_model_predict(
        model: *mut trtyolo_model,
        images: *const trtyolo_image,
        count: usize,
        results: *mut *mut trtyolo_result,
    ) -> trtyolo_status;
    pub fn trtyolo_model_set_confidence(model: *mut trtyolo_model, threshold: f32) -> trtyolo_status;
    pub fn trtyolo_model_set_iou(model: *mut trtyolo_model, threshold: f32) -> trtyolo_status;
    pub fn trtyolo_model_set_max_detections(model: *mut trtyolo_model, most: c_int) -> trtyolo_status;
    pub fn trtyolo_model_set_classes(model: *mut trtyolo_model, classes: *const c_int, count: usize) -> trtyolo_status;
    pub fn trtyolo_model_set_agnostic(model: *mut trtyolo_model, agnostic: bool) -> trtyolo_status;
    pub fn trtyolo_model_set_top_k(model: *mut trtyolo_model, classes: c_int) -> trtyolo_status;
    pub fn trtyolo_model_set_retina_masks(model: *mut trtyolo_model, retina: bool) -> trtyolo_status;
    pub fn trtyolo_pool_options_new(options: *mut *mut trtyolo_pool_options) -> trtyolo_status;
    pub fn trtyolo_pool_options_free(options: *mut trtyolo_pool_options);
    pub fn trtyolo_pool_options_set_contexts(options: *mut trtyolo_pool_options, contexts: c_int) -> trtyolo_status;
    pub fn trtyolo_pool_options_set_max_batch_size(options: *mut trtyolo_pool_options, size: c_int) -> trtyolo_status;
    pub fn trtyolo_pool_options_set_max_queue_delay(
        options: *mut trtyolo_pool_options,
        milliseconds: f64,
    ) -> trtyolo_status;
    pub fn trtyolo_pool_options_set_queue_length(options: *mut trtyolo_pool_options, length: usize) -> trtyolo_status;
    pub fn trtyolo_pool_options_set_reject(options: *mut trtyolo_pool_options, reject: bool) -> trtyolo_status;
    pub fn trtyolo_pool_options_set_devices(
        options: *mut trtyolo_pool_options,
        ids: *const c_int,
        count: usize,
    ) -> trtyolo_status;
    pub fn trtyolo_pool_options_set_all_devices(options: *mut trtyolo_pool_options) -> trtyolo_status;
    pub fn trtyolo_pool_new(
        model: *const trtyolo_model,
        options: *const trtyolo_pool_options,
        pool: *mut *mut trtyolo_pool,
    ) -> trtyolo_status;
    pub fn trtyolo_pool_load(
        file: *const c_char,
        options: *const trtyolo_options,
        pool_options: *const trtyolo_pool_options,
        pool: *mut *mut trtyolo_pool,
    ) -> trtyolo_status;
    pub fn trtyolo_pool_free(pool: *mut trtyolo_pool);
    pub fn trtyolo_pool_info(pool: *const trtyolo_pool) -> *const trtyolo_info;
    pub fn trtyolo_pool_contexts(pool: *const trtyolo_pool) -> c_int;
    pub fn trtyolo_pool_in_flight(pool: *const trtyolo_pool) -> usize;
    pub fn trtyolo_pool_metrics(
        pool: *const trtyolo_pool,
        name: *const c_char,
        text: *mut *mut c_char,
    ) -> trtyolo_status;
    pub fn trtyolo_pool_predict(
        pool: *mut trtyolo_pool,
        images: *const trtyolo_image,
        count: usize,
        results: *mut *mut trtyolo_result,
    ) -> trtyolo_status;
    pub fn trtyolo_pool_submit(
        pool: *mut trtyolo_pool,
        image: *const trtyolo_image,
        how: *const trtyolo_submission,
        ticket: *mut *mut trtyolo_ticket,
    ) -> trtyolo_status;
    pub fn trtyolo_pool_close(pool: *mut trtyolo_pool, drop: bool) -> trtyolo_status;
    pub fn trtyolo_ticket_wait(ticket: *const trtyolo_ticket, milliseconds: f64) -> bool;
    pub fn trtyolo_ticket_cancel(ticket: *mut trtyolo_ticket) -> bool;
    pub fn trtyolo_ticket_get(ticket: *mut trtyolo_ticket, result: *mut *mut trtyolo_result) -> trtyolo_status;
    pub fn trtyolo_ticket_free(ticket: *mut trtyolo_ticket);
}
