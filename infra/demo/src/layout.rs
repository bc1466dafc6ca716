//! Where everything lies: the state folder of one port.

use std::path::{Path, PathBuf};

/// The paths of one demo.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
    dir: PathBuf,
}

impl Layout {
    /// The layout for `port` in the checkout at `root`, or in `state_dir` where one is given.
    pub fn new(root: &Path, port: u16, state_dir: Option<&Path>) -> Self {
        let dir = match state_dir {
            Some(dir) => root.join(dir),
            None => root.join("var").join(port.to_string()),
        };
        Self { root: root.to_owned(), dir }
    }

    /// The checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The state folder, `var/<PORT>`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder of one process's data, which is also where it runs.
    pub fn data(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The folder of Postgres' socket.
    pub fn sockets(&self) -> PathBuf {
        self.dir.join("run")
    }

    /// The folder of the logs.
    pub fn logs(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// The log of one process.
    pub fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }

    /// Held by the one supervisor of this folder.
    pub fn lock(&self) -> PathBuf {
        self.dir.join("demo.lock")
    }

    /// What programs read while the demo is ready.
    pub fn manifest(&self) -> PathBuf {
        self.dir.join("demo.json")
    }

    /// The environment for further processes of the program.
    pub fn env_file(&self) -> PathBuf {
        self.dir.join("demo.env")
    }

    /// What the seed reported.
    pub fn seed(&self) -> PathBuf {
        self.dir.join("seed.json")
    }

    /// Passwords and keys of this folder.
    pub fn secrets(&self) -> PathBuf {
        self.dir.join("secrets.json")
    }

    /// The ports of this folder's processes.
    pub fn ports(&self) -> PathBuf {
        self.dir.join("ports.json")
    }

    /// Which processes this folder's supervisor started.
    pub fn pids(&self) -> PathBuf {
        self.dir.join("pids.json")
    }

    /// A path as `demo.json` names it: relative to the checkout where it lies inside.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_lies_under_var_and_port() {
        let layout = Layout::new(Path::new("/home/me/marquee"), 8090, None);
        assert_eq!(layout.dir(), Path::new("/home/me/marquee/var/8090"));
        assert_eq!(layout.shown(&layout.env_file()), "var/8090/demo.env");
        assert_eq!(layout.log("redis"), Path::new("/home/me/marquee/var/8090/log/redis.log"));
    }

    #[test]
    fn a_folder_elsewhere_is_shown_whole() {
        let layout = Layout::new(Path::new("/home/me/marquee"), 8080, Some(Path::new("/tmp/other")));
        assert_eq!(layout.dir(), Path::new("/tmp/other"));
        assert_eq!(layout.shown(&layout.manifest()), "/tmp/other/demo.json");
    }
}
