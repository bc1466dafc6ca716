//! One process's crash points: where it is to die, and which points it has passed.

use std::path::PathBuf;

use marquee_demo::layout::Layout;

/// The points of one process, which was started with [`Points::variables`].
#[derive(Debug, Clone)]
pub struct Points {
    at: PathBuf,
    log: PathBuf,
}

impl Points {
    /// Those of the process of this name.
    ///
    /// # Panics
    /// When its files cannot be written.
    pub fn new(layout: &Layout, name: &str) -> Self {
        let points =
            Self { at: layout.data(&format!("{name}.crash")), log: layout.data(&format!("{name}.points")) };
        points.disarm();
        points.forget();
        points
    }

    /// What the process's environment has to say.
    pub fn variables(&self) -> [(String, String); 2] {
        [
            ("MARQUEE_CRASH_AT".to_owned(), format!("@{}", self.at.display())),
            ("MARQUEE_CRASH_LOG".to_owned(), self.log.display().to_string()),
        ]
    }

    /// From now on the process dies when it passes this point, running or not.
    ///
    /// # Panics
    /// When the order cannot be written.
    pub fn arm(&self, order: &str) {
        // Put in place whole: a process may be reading.
        let beside = self.at.with_extension("new");
        std::fs::write(&beside, order).unwrap();
        std::fs::rename(&beside, &self.at).unwrap();
    }

    /// It dies nowhere.
    pub fn disarm(&self) {
        self.arm("");
    }

    /// The points that were passed since they were last forgotten, each once, in order.
    ///
    /// # Panics
    /// When the log cannot be read.
    pub fn passed(&self) -> Vec<String> {
        let mut seen = Vec::new();
        for line in std::fs::read_to_string(&self.log).unwrap().lines() {
            if !seen.iter().any(|known| known == line) {
                seen.push(line.to_owned());
            }
        }
        seen
    }

    /// How often points were passed since then.
    ///
    /// # Panics
    /// When the log cannot be read.
    pub fn count(&self) -> usize {
        std::fs::read_to_string(&self.log).unwrap().lines().count()
    }

    /// Forgets what was passed.
    ///
    /// # Panics
    /// When the log cannot be emptied.
    pub fn forget(&self) {
        // Emptied in place: processes that write have it open.
        std::fs::OpenOptions::new().create(true).write(true).truncate(true).open(&self.log).unwrap();
    }
}
