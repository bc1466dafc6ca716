//! The supervisor from outside: a real Postgres, Redis and mail catcher, and stand-ins for the program and the
//! payment simulator, killed one after the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const KEPT: [&str; 6] = ["server", "worker", "postgres", "redis", "stripe", "mail"];
const BACK_WITHIN: Duration = Duration::from_secs(5);
const BOOTS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A demo in a folder of its own, which only the user who runs the test may enter: as root, Postgres' user may not.
struct Demo {
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Demo {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("marquee-demo-{name}-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
        let bin = folder.join("bin");
        fs::create_dir(&bin).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_marquee-demo"), bin.join("marquee-demo")).unwrap();
        for stand_in in ["marquee", "stripe-sim"] {
            let path = bin.join(stand_in);
            fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stand_in.mjs"), &path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, port, child: None }
    }

    fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.folder.join("bin/marquee-demo"));
        command.arg("--port").arg(self.port.to_string()).arg("--state-dir").arg(self.state());
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap());
        command.env_remove("FRESH").env_remove("PORT").stdin(Stdio::null());
        command
    }

    /// Starts it and returns its manifest.
    fn start(&mut self) -> Value {
        // A killed supervisor leaves its manifest; what is read below must be the new one's.
        let _ = fs::remove_file(self.state().join("demo.json"));
        let output = fs::File::create(self.folder.join("out")).unwrap();
        let errors = output.try_clone().unwrap();
        self.child = Some(self.command().stdout(output).stderr(errors).spawn().unwrap());
        eventually(BOOTS_WITHIN, || self.manifest())
            .unwrap_or_else(|| panic!("not ready:\n{}", fs::read_to_string(self.folder.join("out")).unwrap()))
    }

    fn manifest(&self) -> Option<Value> {
        serde_json::from_str(&fs::read_to_string(self.state().join("demo.json")).ok()?).ok()
    }

    fn pid(&self, name: &str) -> u64 {
        self.manifest().unwrap()["pids"][name].as_u64().unwrap()
    }

    fn signal(&self, signal: &str) {
        kill(u64::from(self.child.as_ref().unwrap().id()), signal);
    }

    /// Waits for the supervisor's own end.
    fn wait(&mut self) -> std::process::ExitStatus {
        self.child.take().unwrap().wait().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            kill(u64::from(child.id()), "KILL");
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn kill(pid: u64, signal: &str) {
    Command::new("kill").arg(format!("-{signal}")).arg(pid.to_string()).status().unwrap();
}

fn runs(pid: u64) -> bool {
    // The state stands behind the name; a process that nobody has waited for yet is a zombie.
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z')))
}

fn eventually<T>(within: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn psql(manifest: &Value, role: &str, sql: &str) -> Output {
    let url = manifest["database"][role].as_str().unwrap();
    Command::new("psql").args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, url]).output().unwrap()
}

fn answer(manifest: &Value, role: &str, sql: &str) -> String {
    let output = psql(manifest, role, sql);
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn what_is_killed_comes_back_on_the_same_data() {
    let mut demo = Demo::new("killed");
    let first = demo.start();
    answer(&first, "owner", "create table kept as select 42 as n");

    for name in KEPT {
        let old = demo.pid(name);
        kill(old, "KILL");
        eventually(BACK_WITHIN, || demo.manifest().filter(|now| now["pids"][name] != old))
            .unwrap_or_else(|| panic!("{name} did not come back within 5 s"));
        assert!(runs(demo.pid(name)), "{name}");
    }
    let before = demo.manifest().unwrap();
    for name in KEPT {
        kill(demo.pid(name), "KILL");
    }
    let all_new = |now: &Value| KEPT.iter().all(|name| now["pids"][name] != before["pids"][name]);
    let now = eventually(BACK_WITHIN, || demo.manifest().filter(all_new)).expect("all back within 5 s");

    assert_eq!(answer(&now, "owner", "select n from kept"), "42");
    for unchanged in ["url", "database", "redis", "stripe", "mail", "metrics"] {
        assert_eq!(now[unchanged], first[unchanged], "{unchanged}");
    }
    demo.signal("TERM");
    assert!(demo.wait().success());
    assert!(!demo.state().join("demo.json").exists());
    for name in KEPT {
        assert!(!runs(now["pids"][name].as_u64().unwrap()), "{name} outlived the demo");
    }
}

#[test]
fn a_killed_supervisor_leaves_nothing_running_and_the_next_goes_on() {
    let mut demo = Demo::new("orphans");
    let first = demo.start();
    answer(&first, "owner", "create table kept as select 42 as n");
    demo.signal("KILL");
    demo.wait();

    let second = demo.start();
    assert_eq!(answer(&second, "owner", "select n from kept"), "42");
    for name in KEPT {
        assert!(!runs(first["pids"][name].as_u64().unwrap()), "{name} of the first demo still runs");
    }

    let refused = demo.command().output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("already runs"));
    assert_eq!(demo.manifest().as_ref(), Some(&second), "a refused start changes nothing");

    demo.signal("INT");
    assert!(demo.wait().success());
    demo.child = Some(demo.command().arg("--fresh").stdout(Stdio::null()).spawn().unwrap());
    let third = eventually(BOOTS_WITHIN, || demo.manifest()).expect("ready after a fresh start");
    assert!(!psql(&third, "owner", "select n from kept").status.success(), "the data are gone");
}

#[test]
fn the_database_is_durable_and_its_roles_own_what_they_should() {
    let mut demo = Demo::new("roles");
    let manifest = demo.start();
    for (setting, value) in
        [("fsync", "on"), ("synchronous_commit", "on"), ("data_checksums", "on"), ("server_encoding", "UTF8")]
    {
        assert_eq!(answer(&manifest, "app", &format!("show {setting}")), value, "{setting}");
    }
    let owner = "select pg_get_userbyid(datdba) from pg_database where datname = current_database()";
    assert_eq!(answer(&manifest, "owner", owner), "marquee_owner");
    for role in ["app", "platform"] {
        let powers = "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb
            from pg_roles where rolname = current_user";
        assert_eq!(answer(&manifest, role, powers), "f", "{role}");
        assert!(
            !psql(&manifest, role, "create table mine(n int)").status.success(),
            "{role} can own a table"
        );
    }
    let socket = fs::read_dir(demo.state().join("run")).unwrap().flatten();
    assert!(socket.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(".s.PGSQL.")));
    let mode = fs::metadata(demo.state().join("demo.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
