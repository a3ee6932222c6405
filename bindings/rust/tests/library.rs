//! The crate with the library, and with the repository's networks: data/ of the checkout, or TRTYOLO_DATA.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

use trtyolo::{
    ColorMatrix, ColorRange, ErrorKind, Image, LogLevel, Model, Options, Plane, Pool, PoolOptions, Results, Task,
};

const WIDTH: usize = 640;
const HEIGHT: usize = 480;

fn data(name: &str) -> PathBuf {
    let root = std::env::var_os("TRTYOLO_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data"), PathBuf::from);
    root.join(name)
}

fn load(name: &str) -> Model {
    Model::load(data(name), &Options::new()).unwrap()
}

/// A red disc on grey, RGB.
fn disc() -> Vec<u8> {
    let mut pixels = vec![200; 3 * WIDTH * HEIGHT];
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            if (x as i64 - 320).pow(2) + (y as i64 - 240).pow(2) <= 80 * 80 {
                pixels[3 * (y * WIDTH + x)..][..3].copy_from_slice(&[200, 30, 30]);
            }
        }
    }
    pixels
}

fn expect_disc(found: &Results) {
    assert_eq!(found.len(), 1);
    assert_eq!(found.name(0), "circle");
    let b = found.boxes()[0];
    for (value, expected) in [(b.left, 240.0), (b.top, 160.0), (b.right, 400.0), (b.bottom, 320.0)] {
        assert!((value - expected).abs() < 6.0, "{b:?}");
    }
}

#[test]
fn load_predict_clone_predict() {
    let mut model = load("shapes/detect.onnx");
    let pixels = disc();
    let image = Image::rgb(&pixels, WIDTH, HEIGHT).unwrap();
    let found = model.predict(&image).unwrap();
    expect_disc(&found);
    assert_eq!(found.task(), Task::Detect);
    assert_eq!(found.image_size(), (WIDTH, HEIGHT));
    assert!(found.times().inference > 0.0);
    assert!(found.to_json().unwrap().starts_with("{\"objects\":[{\"class\":"));
    assert!(found.rotated_boxes().is_empty() && found.keypoints(0).is_empty() && found.mask_runs(0).is_empty());
    assert!(found.semantic().is_none() && found.depth().is_none() && found.pixels().is_empty());

    let mut clone = model.try_clone().unwrap();
    drop(model);
    let again = std::thread::spawn(move || clone.predict(&Image::rgb(&disc(), WIDTH, HEIGHT).unwrap()).unwrap());
    assert_eq!(again.join().unwrap().to_json().unwrap(), found.to_json().unwrap());
}

#[test]
fn clones_of_several_threads_at_once() {
    let model = load("shapes/detect.onnx");
    let pixels = disc();
    let image = Image::rgb(&pixels, WIDTH, HEIGHT).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| expect_disc(&model.try_clone().unwrap().predict(&image).unwrap()));
        }
    });
}

#[test]
fn parts_of_other_tasks() {
    let pixels = disc();
    let image = Image::rgb(&pixels, WIDTH, HEIGHT).unwrap();
    let found = load("shapes/segment.onnx").predict(&image).unwrap();
    expect_disc(&found);
    assert_eq!(found.mask_size(), (WIDTH, HEIGHT));
    let mask = found.mask(0).unwrap();
    let inside = mask.iter().filter(|&&pixel| pixel == 1).count();
    assert_eq!(inside as u32, found.mask_runs(0).iter().map(|run| run.end - run.begin).sum::<u32>());
    assert!((inside as f64 / (std::f64::consts::PI * 80.0 * 80.0) - 1.0).abs() < 0.05, "{inside}");
    assert_eq!(found.mask(1).unwrap_err().kind(), ErrorKind::InvalidArgument);

    let classes = load("shapes/classify.onnx").predict(&image).unwrap();
    assert_eq!((classes.task(), classes.name(0).as_ref()), (Task::Classify, "circle"));
    assert!(classes.boxes().is_empty());

    // Networks whose answer is known for every image.
    let maps = |name: &str| load(&format!("../tests/app/models/{name}.onnx")).predict(&image).unwrap();
    let semantic = maps("semantic");
    let map = semantic.semantic().unwrap();
    assert_eq!((map.data.len(), map.width, map.height), (WIDTH * HEIGHT, WIDTH, HEIGHT));
    assert_eq!(semantic.pixels().iter().sum::<usize>(), WIDTH * HEIGHT);
    let depth = maps("depth");
    assert_eq!(depth.depth().unwrap().data.len(), WIDTH * HEIGHT);
}

#[test]
fn info() {
    let model = load("shapes/pose.onnx");
    let info = model.info();
    assert_eq!(info.task(), Task::Pose);
    assert_eq!((info.backend(), info.precision(), info.family()), ("openvino", "f32", "ultralytics"));
    assert_eq!((info.network_size(), info.stride(), info.batch()), ((640, 640), 32, 1));
    assert!(info.keypoints() > 0 && info.keypoint_dims() == 3);
    assert_eq!(info.class_name(0).is_some(), info.class_count() > 0);
    assert_eq!((info.class_name(1000), info.metadata("no such")), (None, None));
    assert_eq!(info.metadata("task"), Some("pose"));
    assert!(trtyolo::version().starts_with("trtyolo "));
}

#[test]
fn errors() {
    let missing = Model::load("no-such.onnx", &Options::new()).err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::Model);
    assert!(missing.to_string().contains("no-such.onnx"));
    assert_eq!(Options::new().set_precision("f8").err().unwrap().kind(), ErrorKind::InvalidArgument);
    assert_eq!(Options::new().set_task("a\0b").err().unwrap().kind(), ErrorKind::InvalidArgument);
    let model = load("shapes/detect.onnx");
    assert_eq!(model.set_iou(f32::NAN).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(model.try_clone_on(0).err().unwrap().kind(), ErrorKind::Device);
}

#[test]
fn thresholds_and_options() {
    let mut options = Options::new();
    options
        .set_max_detections(1)
        .unwrap()
        .set_classes(&[0, 1])
        .unwrap()
        .set_names(&["a", "b", "c", "d", "e", "f"])
        .unwrap();
    let mut model = Model::load(data("shapes/detect.onnx"), &options).unwrap();
    assert_eq!(model.info().class_name(1), Some("b"));
    model.set_classes(&[]).unwrap();
    model.set_confidence(1.0).unwrap();
    let pixels = disc();
    let found = model.predict(&Image::rgb(&pixels, WIDTH, HEIGHT).unwrap()).unwrap();
    assert!(found.is_empty() && found.boxes().is_empty());
}

#[test]
fn images_hold_what_they_say() {
    let bytes = [128; 64];
    let (eight, four) = (&bytes[..], &bytes[..4]);
    assert!(Image::rgb(eight, 4, 5).is_ok());
    assert!(Image::rgb(eight, 4, 6).is_err());
    assert!(Image::rgb(eight, usize::MAX, 1).is_err());
    assert!(Image::interleaved(eight, 4, 4, 2).is_err());
    assert!(Image::interleaved(Plane { bytes: eight, pitch: 24 }, 4, 3, 4).is_ok());
    assert!(Image::interleaved(Plane { bytes: eight, pitch: 24 }, 4, 4, 4).is_err());
    assert!(Image::interleaved(Plane { bytes: eight, pitch: 15 }, 4, 3, 4).is_err());
    assert!(Image::interleaved(Plane { bytes: eight, pitch: usize::MAX }, 4, 3, 4).is_err());
    assert!(Image::nv12(eight, four, 3, 1).is_ok());
    assert!(Image::nv12(eight, four, 5, 1).is_err());
    assert!(Image::i420(eight, four, four, 4, 4).is_ok());
    assert!(Image::i420(eight, four, four, 4, 6).is_err());
    assert!(Image::i420(eight, Plane { bytes: eight, pitch: 8 }, four, 4, 4).is_err());
    assert!(Image::yuyv(eight, 16, 2).is_ok());
    assert!(Image::yuyv(eight, 16, 3).is_err());
    assert!(Image::gray16(eight, 8, 4, 0, 4095).is_ok());
    assert!(Image::gray16(eight, 8, 4, 9, 9).is_err());

    // Grey, however it is said, is the same to the network.
    let mut model = load("shapes/detect.onnx");
    let grey: Vec<u8> = disc().chunks(3).map(|pixel| pixel[1]).collect();
    let as_rgb: Vec<u8> = grey.iter().flat_map(|&value| [value; 3]).collect();
    let sixteen: Vec<u8> = grey.iter().flat_map(|&value| (u16::from(value) * 4).to_le_bytes()).collect();
    let chroma = vec![128; WIDTH * HEIGHT / 2];
    let expected = model.predict(&Image::rgb(&as_rgb, WIDTH, HEIGHT).unwrap()).unwrap().to_json().unwrap();
    let images = [
        Image::interleaved(&grey, WIDTH, HEIGHT, 1).unwrap(),
        Image::gray16(&sixteen, WIDTH, HEIGHT, 0, 1020).unwrap(),
        Image::nv12(&grey, &chroma, WIDTH, HEIGHT).unwrap().colors(ColorMatrix::Bt601, ColorRange::Full),
        Image::i420(&grey, &chroma[..WIDTH * HEIGHT / 4], &chroma, WIDTH, HEIGHT)
            .unwrap()
            .colors(ColorMatrix::Bt709, ColorRange::Full),
        Image::rgb(&as_rgb, WIDTH, HEIGHT).unwrap(),
    ];
    for (i, found) in model.predict_batch(&images).unwrap().iter().enumerate() {
        assert_eq!(found.to_json().unwrap(), expected, "image {i}");
    }
    assert!(model.predict_batch(&[]).unwrap().is_empty());
    let part = Image::rgb(&as_rgb, WIDTH, HEIGHT).unwrap().rotated_part(320.0, 240.0, 200, 200, 0.5);
    assert_eq!(model.predict(&part).unwrap().image_size(), (200, 200));
}

/// Pixels that tell when they go.
struct Counted(Vec<u8>, Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn pools() {
    let mut pool_options = PoolOptions::new();
    pool_options.set_contexts(1).unwrap();
    let pool = Pool::load(data("shapes/detect.onnx"), &Options::new(), &pool_options).unwrap();
    assert_eq!(pool.contexts(), 1);
    assert_eq!(pool.info().task(), Task::Detect);
    let pixels = disc();
    let image = Image::rgb(&pixels, WIDTH, HEIGHT).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| expect_disc(&pool.predict(&image).unwrap()));
        }
    });
    for found in pool.predict_batch(&[image, image]).unwrap() {
        expect_disc(&found);
    }

    let gone = Arc::new(AtomicUsize::new(0));
    let submit = |timeout| {
        let pixels = Counted(disc(), gone.clone());
        pool.submit(pixels, |pixels| Image::rgb(&pixels.0, WIDTH, HEIGHT), timeout).unwrap()
    };
    let first = submit(None);
    let others = [submit(Some(Duration::from_secs(600))), submit(Some(Duration::ZERO)), submit(None)];
    assert!(others[2].cancel());
    let [second, late, cancelled] = others;
    assert_eq!(cancelled.wait().unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(late.wait().unwrap_err().kind(), ErrorKind::Deadline);
    assert!(first.wait_for(Duration::MAX) && first.is_ready() && !first.cancel());
    expect_disc(&first.wait().unwrap());
    let metrics = pool.metrics("rust").unwrap();
    assert!(metrics.contains("{pool=\"rust\",outcome=\"cancelled\"} 1\n"), "{metrics}");
    pool.close(false).unwrap();
    assert_eq!(pool.predict(&image).unwrap_err().kind(), ErrorKind::Closed);
    let refused = pool.submit(Counted(vec![], gone.clone()), |pixels| Image::rgb(&pixels.0, WIDTH, HEIGHT), None);
    assert_eq!(refused.err().unwrap().kind(), ErrorKind::InvalidArgument);
    let closed = pool.submit(Counted(disc(), gone.clone()), |pixels| Image::rgb(&pixels.0, WIDTH, HEIGHT), None);
    assert_eq!(closed.err().unwrap().kind(), ErrorKind::Closed);
    drop(pool);
    expect_disc(&second.wait().unwrap());
    assert_eq!(gone.load(Ordering::SeqCst), 6);
}

#[test]
fn everything_goes_to_other_threads() {
    fn expect<T: Send + Sync>() {}
    expect::<Model>();
    expect::<Results>();
    expect::<Pool>();
    expect::<trtyolo::Ticket>();
    expect::<Options>();
    expect::<Image>();
    expect::<trtyolo::Error>();
}

#[test]
fn log() {
    fn listen(_: LogLevel, _: &str) {}
    trtyolo::set_log(Some(listen));
    load("shapes/detect.onnx");
    trtyolo::set_log(None);
}
