//! Points at which a test lets the process die: before and after every commit and every call of a provider.
//!
//! They exist only in builds with the feature `crash-points`, which no program that people run has; without it
//! [`pass`] is nothing. With it the environment decides:
//! - `MARQUEE_CRASH_AT="<point>[:#n]"`: the process aborts at the `n`-th pass of the point (the first by default), with
//!   nothing unwound, flushed or dropped, as if the machine had lost its power;
//! - `MARQUEE_CRASH_LOG=<file>`: each pass is appended to the file as a line, so that a test learns the points' names from
//!   a run that goes well.

use std::fmt;

/// Passes the point: `commit:<tag>:before`, `call:<name>:after` …
#[inline]
pub fn pass(point: fmt::Arguments<'_>) {
    #[cfg(feature = "crash-points")]
    armed::pass(&point.to_string());
    #[cfg(not(feature = "crash-points"))]
    let _ = point;
}

#[cfg(feature = "crash-points")]
mod armed {
    use std::fs::{File, OpenOptions};
    use std::io::Write;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// The process's own, as its environment says.
    static POINTS: OnceLock<Points> = OnceLock::new();

    pub(super) fn pass(point: &str) {
        POINTS.get_or_init(from_environment).pass(point);
    }

    fn from_environment() -> Points {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let log = variable("MARQUEE_CRASH_LOG").and_then(|path| {
            let opened = OpenOptions::new().create(true).append(true).open(&path);
            opened.inspect_err(|error| tracing::error!(%error, path, "the log of crash points")).ok()
        });
        Points::new(variable("MARQUEE_CRASH_AT").as_deref(), log, |point| {
            tracing::error!(point, "a crash point is reached");
            std::process::abort();
        })
    }

    pub(super) struct Points {
        log: Option<File>,
    }

    impl Points {
        pub(super) fn new(
            at: Option<&str>,
            log: Option<File>,
            die: impl Fn(&str) + Send + Sync + 'static,
        ) -> Self {
            if let Some(at) = at {
                let (point, pass) = place(at);
                let (passes, name) = (AtomicU64::new(0), point.to_owned());
                let armed = fail::cfg_callback(point, move || {
                    if passes.fetch_add(1, Ordering::SeqCst) + 1 == pass {
                        die(&name);
                    }
                });
                if let Err(error) = armed {
                    tracing::error!(error, at, "the crash point cannot be armed");
                }
            }
            Self { log }
        }

        pub(super) fn pass(&self, point: &str) {
            if let Some(mut log) = self.log.as_ref()
                && let Err(error) = log.write_all(format!("{point}\n").as_bytes())
            {
                tracing::error!(%error, "the log of crash points");
            }
            fail::fail_point!(point);
        }
    }

    /// A point and which of its passes is meant.
    pub(super) fn place(at: &str) -> (&str, u64) {
        let numbered = at.rsplit_once(":#").and_then(|(point, pass)| Some((point, pass.parse().ok()?)));
        numbered.unwrap_or((at, 1))
    }
}

#[cfg(all(test, feature = "crash-points"))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::armed::{Points, place};

    #[test]
    fn a_place_names_a_point_and_a_pass() {
        assert_eq!(place("commit:checkout.pay:before"), ("commit:checkout.pay:before", 1));
        assert_eq!(place("call:confirm_intent:after:#3"), ("call:confirm_intent:after", 3));
        assert_eq!(place("call:confirm_intent:after:#x"), ("call:confirm_intent:after:#x", 1));
    }

    #[test]
    fn every_pass_is_logged_and_the_process_dies_at_the_one_meant() {
        let path = std::env::temp_dir().join(format!("crash-points-{}.log", uuid::Uuid::now_v7()));
        let log = std::fs::File::create(&path).unwrap();
        let died = Arc::new(AtomicU64::new(0));
        let passes = Arc::new(AtomicU64::new(0));
        let (killed, passed) = (died.clone(), passes.clone());
        let points = Points::new(Some("commit:test.here:after:#2"), Some(log), move |point| {
            assert_eq!(point, "commit:test.here:after");
            killed.store(passed.load(Ordering::SeqCst), Ordering::SeqCst);
        });
        for point in ["commit:test.here:before", "commit:test.here:after"].repeat(3) {
            passes.fetch_add(1, Ordering::SeqCst);
            points.pass(point);
        }
        assert_eq!(died.load(Ordering::SeqCst), 4, "at the second pass of the second point, once");
        let logged = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(logged.lines().count(), 6);
        assert!(logged.starts_with("commit:test.here:before\ncommit:test.here:after\n"), "{logged}");
    }
}
