//! Points at which a test lets the process die: before and after every commit and every call of a provider.
//!
//! They exist only in builds with the feature `crash-points`, which no program that people run has; without it
//! [`pass`] is nothing. With it the environment decides:
//! - `MARQUEE_CRASH_AT="<point>[:#n]"`: the process aborts at the `n`-th pass of the point (the first by default), with
//!   nothing unwound, flushed or dropped, as if the machine had lost its power; followed by ` stop`, it stands still
//!   (SIGSTOP) until it is woken, when others have long gone on. `@<file>`: the file says so, and is looked at with each
//!   pass, so that a running process can be told;
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
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex, OnceLock, PoisonError};

    use nix::sys::signal::{Signal, raise};

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
        Points::new(variable("MARQUEE_CRASH_AT").as_deref(), log, |point, end| {
            tracing::error!(point, ?end, "a crash point is reached");
            match end {
                End::Abort => std::process::abort(),
                End::Stop => drop(raise(Signal::SIGSTOP)),
            }
        })
    }

    /// What becomes of the process.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum End {
        Abort,
        Stop,
    }

    type Act = dyn Fn(&str, End) + Send + Sync;

    pub(super) struct Points {
        log: Option<File>,
        /// The file that tells the place.
        told_by: Option<String>,
        /// The place in force.
        told: Mutex<String>,
        act: Arc<Act>,
    }

    impl Points {
        pub(super) fn new(
            at: Option<&str>,
            log: Option<File>,
            act: impl Fn(&str, End) + Send + Sync + 'static,
        ) -> Self {
            let told_by = at.and_then(|at| at.strip_prefix('@')).map(str::to_owned);
            let points = Self { log, told_by, told: Mutex::default(), act: Arc::new(act) };
            if points.told_by.is_none() {
                points.tell(at.unwrap_or_default());
            }
            points
        }

        /// From now on this place is meant, and no other.
        fn tell(&self, at: &str) {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if *told == at {
                return;
            }
            fail::remove(place(&told).0);
            at.clone_into(&mut told);
            let (point, pass, end) = place(at);
            if point.is_empty() {
                return;
            }
            let (passes, name, act) = (AtomicU64::new(0), point.to_owned(), Arc::clone(&self.act));
            let armed = fail::cfg_callback(point, move || {
                if passes.fetch_add(1, Ordering::SeqCst) + 1 == pass {
                    act(&name, end);
                }
            });
            if let Err(error) = armed {
                tracing::error!(error, at, "the crash point cannot be armed");
            }
        }

        pub(super) fn pass(&self, point: &str) {
            if let Some(mut log) = self.log.as_ref()
                && let Err(error) = log.write_all(format!("{point}\n").as_bytes())
            {
                tracing::error!(%error, "the log of crash points");
            }
            if let Some(file) = &self.told_by {
                self.tell(std::fs::read_to_string(file).unwrap_or_default().trim());
            }
            fail::fail_point!(point);
        }
    }

    /// A point, which of its passes is meant, and what is to happen there.
    pub(super) fn place(at: &str) -> (&str, u64, End) {
        let (at, end) = at.strip_suffix(" stop").map_or((at, End::Abort), |at| (at, End::Stop));
        let numbered = at.rsplit_once(":#").and_then(|(point, pass)| Some((point, pass.parse().ok()?)));
        let (point, pass) = numbered.unwrap_or((at, 1));
        (point, pass, end)
    }
}

#[cfg(all(test, feature = "crash-points"))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::armed::{End, Points, place};

    #[test]
    fn a_place_names_a_point_and_a_pass() {
        assert_eq!(place("commit:checkout.pay:before"), ("commit:checkout.pay:before", 1, End::Abort));
        assert_eq!(place("call:confirm_intent:after:#3"), ("call:confirm_intent:after", 3, End::Abort));
        assert_eq!(place("call:confirm_intent:after stop"), ("call:confirm_intent:after", 1, End::Stop));
        assert_eq!(place("call:confirm_intent:after:#x"), ("call:confirm_intent:after:#x", 1, End::Abort));
    }

    #[test]
    fn every_pass_is_logged_and_the_process_dies_at_the_one_meant() {
        let path = std::env::temp_dir().join(format!("crash-points-{}.log", uuid::Uuid::now_v7()));
        let log = std::fs::File::create(&path).unwrap();
        let died = Arc::new(AtomicU64::new(0));
        let passes = Arc::new(AtomicU64::new(0));
        let (killed, passed) = (died.clone(), passes.clone());
        let points = Points::new(Some("commit:test.here:after:#2"), Some(log), move |point, end| {
            assert_eq!((point, end), ("commit:test.here:after", End::Abort));
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

    #[test]
    fn a_file_tells_where_and_tells_otherwise() {
        let path = std::env::temp_dir().join(format!("crash-place-{}", uuid::Uuid::now_v7()));
        let met = Arc::new(AtomicU64::new(0));
        let meets = met.clone();
        let at = format!("@{}", path.display());
        let points = Points::new(Some(&at), None, move |point, end| {
            assert_eq!((point, end), ("commit:test.there:after", End::Stop));
            meets.fetch_add(1, Ordering::SeqCst);
        });
        points.pass("commit:test.there:after");
        std::fs::write(&path, "commit:test.there:after stop\n").unwrap();
        points.pass("commit:test.there:before");
        assert_eq!(met.load(Ordering::SeqCst), 0, "not there yet");
        points.pass("commit:test.there:after");
        std::fs::write(&path, "").unwrap();
        points.pass("commit:test.there:after");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(met.load(Ordering::SeqCst), 1);
    }
}
