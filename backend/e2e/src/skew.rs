//! A server whose clock is wrong: a small library, loaded before the C library, moves the wall clock of one process. Rust
//! links with a C compiler, so there is one wherever the tests are built.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use marquee_demo::layout::Layout;

/// One process's clock.
#[derive(Debug)]
pub struct Skew {
    library: PathBuf,
    offset: PathBuf,
}

impl Skew {
    /// A clock that is right so far.
    ///
    /// # Panics
    /// When the library cannot be built.
    pub fn new(layout: &Layout) -> Self {
        let skew = Self { library: layout.data("skew.so"), offset: layout.data("skew.offset") };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/skew.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&skew.library, &source])
            .arg("-ldl")
            .status();
        assert!(built.unwrap().success(), "the library that moves a clock cannot be built");
        skew.set(0);
        skew
    }

    /// Puts the clock forward by so many seconds, back when negative; at once, whether the process runs or not.
    pub fn set(&self, seconds: i64) {
        // Written in place: the process has this very file before its eyes.
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&self.offset);
        file.unwrap().write_all(&seconds.to_ne_bytes()).unwrap();
    }

    /// What the process's environment has to say.
    pub fn variables(&self) -> [(String, String); 2] {
        let text = |path: &Path| path.display().to_string();
        [("LD_PRELOAD".to_owned(), text(&self.library)), ("CLOCK_OFFSET_FILE".to_owned(), text(&self.offset))]
    }
}
