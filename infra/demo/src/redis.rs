//! A private Redis that appends every write to its file and syncs it every second.

use nix::sys::signal::Signal;

use crate::error::DemoError;
use crate::files;
use crate::layout::Layout;
use crate::ports::Ports;
use crate::probe::Probe;
use crate::process::{Arg, Program, Service, on_path};
use crate::secrets::Secrets;

const NAME: &str = "redis";

/// Redis as the supervisor keeps it. Its password stands in a private file, not on a command line.
///
/// # Errors
/// When it is not installed or its settings cannot be written.
pub fn service(layout: &Layout, ports: &Ports, secrets: &Secrets) -> Result<Service, DemoError> {
    let data = layout.data(NAME);
    files::make_private_folder(&data)?;
    let settings = data.join("redis.conf");
    files::write_private(&settings, &render(ports.redis, &secrets.redis))?;
    Ok(Service {
        program: Program {
            name: NAME,
            path: on_path("redis-server")?,
            args: vec![Arg::Text("redis.conf".to_owned())],
            env: Vec::new(),
            cwd: data,
            owner: None,
            log: layout.log(NAME),
        },
        stop: Signal::SIGTERM,
        hurry: Signal::SIGKILL,
        probe: Probe::Redis(ports.redis, secrets.redis.clone()),
        exclusive: None,
    })
}

/// Its address.
pub fn url(ports: &Ports, secrets: &Secrets) -> String {
    format!("redis://:{}@127.0.0.1:{}/0", secrets.redis, ports.redis)
}

fn render(port: u16, password: &str) -> String {
    format!(
        "bind 127.0.0.1
port {port}
requirepass {password}
dir ./
daemonize no
appendonly yes
appendfsync everysec
save \"\"
maxmemory 512mb
maxmemory-policy noeviction
tcp-backlog 511
loglevel notice
"
    )
}
