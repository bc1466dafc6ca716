//! A private Postgres that cannot run as root and does not have to be able to walk to its own folder.
//!
//! Started by root, Postgres runs as the system's `postgres` user (or `nobody`), and the checkout may lie where that
//! user may not go, below a home folder of mode 0700 for instance. So the supervisor opens the cluster's folder and the
//! socket's and hands both down as descriptors: `-D /proc/self/fd/N`. That also makes the socket's address short
//! enough (107 bytes is the system's limit) wherever the checkout lies.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use nix::unistd::{Uid, User};

use crate::error::{At as _, DemoError};
use crate::files;
use crate::layout::Layout;
use crate::ports::Ports;
use crate::probe::Probe;
use crate::process::{Arg, Owner, Program, Service, on_path};
use crate::secrets::Secrets;

/// The oldest major version that will do.
const OLDEST: u32 = 15;
const NAME: &str = "postgres";
/// The application's database.
pub const DATABASE: &str = "marquee";

/// A Postgres that is installed: the folder of its programs and its major version.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Installed {
    bin: PathBuf,
    major: u32,
}

/// The cluster of one demo.
#[derive(Debug)]
pub struct Postgres<'a> {
    layout: &'a Layout,
    port: u16,
    bin: PathBuf,
    owner: Option<Owner>,
}

impl<'a> Postgres<'a> {
    /// Finds the programs and the user, and makes the cluster's folders.
    ///
    /// # Errors
    /// When no Postgres will do, or a folder cannot be made or handed over.
    pub fn prepare(layout: &'a Layout, ports: &Ports) -> Result<Self, DemoError> {
        let cluster = layout.data(NAME);
        let found = installed();
        let usable = match made_by(&cluster) {
            Some(version) => found
                .into_iter()
                .find(|one| one.major.to_string() == version)
                .ok_or(DemoError::ClusterVersion { path: cluster.clone(), found: version })?,
            None => found
                .into_iter()
                .max_by_key(|one| one.major)
                .ok_or_else(|| DemoError::MissingProgram(format!("Postgres {OLDEST} or later")))?,
        };
        files::make_private_folder(&cluster)?;
        files::make_private_folder(&layout.sockets())?;
        let owner = unprivileged_owner(&cluster)?;
        if let Some(owner) = owner {
            for folder in [&cluster, &layout.sockets()] {
                chown(folder, Some(owner.uid.as_raw()), Some(owner.gid.as_raw()))
                    .at("cannot hand over", folder)?;
            }
        }
        Ok(Self { layout, port: ports.postgres, bin: usable.bin, owner })
    }

    /// Whether the cluster has been made.
    pub fn exists(&self) -> bool {
        made_by(&self.layout.data(NAME)).is_some()
    }

    /// Makes the cluster: UTF-8, checksums, and passwords by SCRAM over TCP. The socket lets in only the system user
    /// who owns the cluster.
    ///
    /// # Errors
    /// When `initdb` fails.
    pub async fn create(&self) -> Result<(), DemoError> {
        let args = vec![
            Arg::Text("-D".to_owned()),
            self.cluster(""),
            "--encoding=UTF8".into(),
            "--locale=C.UTF-8".into(),
            "--data-checksums".into(),
            "--auth-local=peer".into(),
            "--auth-host=scram-sha-256".into(),
            "--no-instructions".into(),
        ];
        self.program("initdb", args).run(None, |_| {}).await
    }

    /// The server as the supervisor keeps it.
    ///
    /// # Errors
    /// When its settings cannot be written.
    pub fn service(&self) -> Result<Service, DemoError> {
        let path = self.layout.data(NAME).join("postgresql.conf");
        files::write_private(&path, &settings(self.port))?;
        if let Some(owner) = self.owner {
            chown(&path, Some(owner.uid.as_raw()), Some(owner.gid.as_raw())).at("cannot hand over", &path)?;
        }
        let args = vec![
            Arg::Text("-D".to_owned()),
            self.cluster(""),
            "-c".into(),
            Arg::Folder("unix_socket_directories=", self.layout.sockets()),
        ];
        Ok(Service {
            program: self.program(NAME, args),
            stop: Signal::SIGINT,
            hurry: Signal::SIGQUIT,
            probe: Probe::Postgres(self.port),
            exclusive: Some(self.layout.data(NAME)),
        })
    }

    /// Makes the three roles and the database, where they are missing, and sets the passwords.
    ///
    /// # Errors
    /// When `psql` fails.
    pub async fn provision(&self, secrets: &Secrets) -> Result<(), DemoError> {
        let args = vec![
            "-X".into(),
            "-q".into(),
            "-v".into(),
            "ON_ERROR_STOP=1".into(),
            "-p".into(),
            self.port.to_string().into(),
            "-d".into(),
            "postgres".into(),
            "-h".into(),
            Arg::Folder("", self.layout.sockets()),
        ];
        self.program("psql", args).run(Some(&provisioning(secrets)), |_| {}).await
    }

    fn cluster(&self, before: &'static str) -> Arg {
        Arg::Folder(before, self.layout.data(NAME))
    }

    fn program(&self, executable: &'static str, args: Vec<Arg>) -> Program {
        Program {
            name: executable,
            path: self.bin.join(executable),
            args,
            env: Vec::new(),
            // Postgres looks where it is before it looks where its data are, so it must be allowed to be there.
            cwd: PathBuf::from("/"),
            owner: self.owner,
            log: self.layout.log(NAME),
        }
    }
}

/// The address of the database for one role.
pub fn url(port: u16, role: &str, password: &str) -> String {
    format!("postgres://{role}:{password}@127.0.0.1:{port}/{DATABASE}")
}

/// Whom Postgres runs as: nobody in particular unless root started the demo; then whoever owns the cluster already,
/// else `postgres`, else `nobody`.
fn unprivileged_owner(cluster: &Path) -> Result<Option<Owner>, DemoError> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let current = Owner::of(cluster)?;
    if !current.uid.is_root() {
        return Ok(Some(current));
    }
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| User::from_name(name).ok().flatten())
        .map(|user| Some(Owner { uid: user.uid, gid: user.gid }))
        .ok_or_else(|| DemoError::MissingProgram("a system user `postgres` or `nobody`".to_owned()))
}

/// The major version that made the cluster; `None` when there is none yet.
fn made_by(cluster: &Path) -> Option<String> {
    let text = std::fs::read_to_string(cluster.join("PG_VERSION")).ok()?;
    Some(text.trim().to_owned())
}

/// Every Postgres that will do: Debian's and Red Hat's places, and the `PATH`.
fn installed() -> Vec<Installed> {
    let mut folders = Vec::new();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    if let Ok(entries) = std::fs::read_dir("/usr") {
        let packaged = |name: &str| name.starts_with("pgsql-");
        folders.extend(
            entries
                .flatten()
                .filter(|entry| entry.file_name().to_str().is_some_and(packaged))
                .map(|entry| entry.path().join("bin")),
        );
    }
    if let Some(bin) = on_path(NAME).ok().and_then(|path| path.parent().map(Path::to_owned)) {
        folders.push(bin);
    }
    folders.into_iter().filter_map(look_at).filter(|one| one.major >= OLDEST).collect()
}

fn look_at(bin: PathBuf) -> Option<Installed> {
    if !["postgres", "initdb", "psql"].into_iter().all(|name| bin.join(name).is_file()) {
        return None;
    }
    let answer = std::process::Command::new(bin.join(NAME)).arg("--version").output().ok()?;
    let major = parse_major(&String::from_utf8_lossy(&answer.stdout))?;
    Some(Installed { bin, major })
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian …)`, betas included.
fn parse_major(version: &str) -> Option<u32> {
    let (_, number) = version.split_once(") ")?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Sized for a small machine that also runs everything else; nothing here trades safety for speed.
fn settings(port: u16) -> String {
    format!(
        "# Written at every start of the demo.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_permissions = 0700
max_connections = 200
password_encryption = 'scram-sha-256'

fsync = on
synchronous_commit = on
full_page_writes = on
wal_compression = on
max_wal_size = '2GB'
min_wal_size = '256MB'
checkpoint_timeout = '15min'

shared_buffers = '256MB'
effective_cache_size = '1GB'
work_mem = '8MB'
maintenance_work_mem = '128MB'
random_page_cost = 1.1
jit = off

autovacuum_naptime = '15s'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C.UTF-8'
log_line_prefix = '%m [%p] %u@%d '
log_lock_waits = on
log_min_duration_statement = '500ms'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"
    )
}

/// The owner may make databases, so that tests can work beside the demo; the program's two roles own nothing.
fn provisioning(secrets: &Secrets) -> String {
    let roles = [
        ("marquee_owner", &secrets.database_owner, "createdb"),
        ("marquee_app", &secrets.database_app, "nocreatedb"),
        ("marquee_platform", &secrets.database_platform, "nocreatedb"),
    ];
    let mut script = String::new();
    for (role, password, databases) in roles {
        script.push_str(&format!(
            "select 'create role {role}' where not exists (select from pg_roles where rolname = '{role}') \\gexec
alter role {role} login nosuperuser nocreaterole nobypassrls noreplication {databases} password '{password}';\n"
        ));
    }
    script.push_str(&format!(
        "select 'create database {DATABASE} owner marquee_owner' \
where not exists (select from pg_database where datname = '{DATABASE}') \\gexec
revoke all on database {DATABASE} from public;
grant connect on database {DATABASE} to marquee_app, marquee_platform;\n"
    ));
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_distributions_print_them() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_major("something else"), None);
    }

    #[test]
    fn durability_is_on() {
        let settings = settings(20_001);
        for line in ["fsync = on", "synchronous_commit = on", "full_page_writes = on", "port = 20001"] {
            assert!(settings.lines().any(|one| one == line), "{line}");
        }
    }
}
