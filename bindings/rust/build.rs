//! Finds libtrtyolo: below TRTYOLO_ROOT (what `cmake --install` was given as its prefix), by pkg-config, or where the
//! linker looks anyway. Programs of this package find it again at run time; others ask DEP_TRTYOLO_LIB_DIR.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn below(root: &Path) -> Option<PathBuf> {
    let machine = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default() + "-linux-gnu";
    let folders = [root.join("lib"), root.join("lib64"), root.join("lib").join(machine)];
    folders.into_iter().find(|folder| {
        ["libtrtyolo.so", "libtrtyolo.dylib", "trtyolo.lib"].iter().any(|name| folder.join(name).exists())
    })
}

fn by_pkg_config() -> Option<PathBuf> {
    let told = Command::new("pkg-config").args(["--variable=libdir", "trtyolo"]).output().ok()?;
    let folder = String::from_utf8(told.stdout).ok()?.trim().to_owned();
    (told.status.success() && !folder.is_empty()).then(|| folder.into())
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=TRTYOLO_ROOT");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    println!("cargo:rustc-link-lib=dylib=trtyolo");
    let folder = match env::var_os("TRTYOLO_ROOT") {
        Some(root) => Some(below(Path::new(&root)).unwrap_or_else(|| {
            panic!("TRTYOLO_ROOT is {root:?}, and there is no libtrtyolo in its folders lib and lib64")
        })),
        None => by_pkg_config(),
    };
    if let Some(folder) = folder {
        println!("cargo:rustc-link-search=native={}", folder.display());
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.display());
        println!("cargo:lib_dir={}", folder.display());
    }
}
