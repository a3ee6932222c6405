//! One model, one clone, one image: cargo run --example detect -- MODEL IMAGE.ppm

use std::error::Error;
use std::io::{BufRead, Read};

use trtyolo::{Image, Model, Options};

/// The pixels of a file in the format that is the easiest to read: "P6", width, height and 255, then RGB.
fn read_ppm(file: &str) -> Result<(Vec<u8>, usize, usize), Box<dyn Error>> {
    let mut input = std::io::BufReader::new(std::fs::File::open(file)?);
    let mut header = Vec::new();
    while header.len() < 4 {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Err("the file ends in its header".into());
        }
        header.extend(line.split('#').next().unwrap_or("").split_whitespace().map(str::to_owned));
    }
    let [kind, width, height, brightest] = &header[..] else { return Err("not a binary PPM image".into()) };
    if kind != "P6" || brightest != "255" {
        return Err("not a binary PPM image of 8 bits".into());
    }
    let mut pixels = Vec::new();
    input.read_to_end(&mut pixels)?;
    Ok((pixels, width.parse()?, height.parse()?))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, picture] = &arguments[..] else { return Err("usage: detect MODEL IMAGE.ppm".into()) };

    let mut model = Model::load(file, &Options::new())?;
    let (pixels, width, height) = read_ppm(picture)?;
    let image = Image::rgb(&pixels, width, height)?;
    let found = model.predict(&image)?;
    for i in 0..found.len() {
        let b = found.boxes()[i];
        println!("{} {:.2} {:?}", found.name(i), found.scores()[i], [b.left, b.top, b.right, b.bottom]);
    }

    // Same weights, own execution context: for another thread.
    let mut clone = model.try_clone()?;
    let by_clone = std::thread::scope(|scope| scope.spawn(|| clone.predict(&image)).join().expect("no panic"))?;
    println!("the clone finds {} of {} objects", by_clone.len(), found.len());
    Ok(())
}
