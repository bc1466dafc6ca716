//! The mail catcher: takes every mail over SMTP and shows it on a page; nothing leaves the machine.

use nix::sys::signal::Signal;

use crate::error::DemoError;
use crate::files;
use crate::layout::Layout;
use crate::ports::Ports;
use crate::probe::Probe;
use crate::process::{Arg, Program, Service, on_path};

const NAME: &str = "mail";
const SCRIPT: &str = "infra/demo/mail/node_modules/maildev/dist/bin/maildev.js";

/// The mail catcher as the supervisor keeps it. Mails and temporary files lie in this demo's own folder: by default
/// all instances on a machine would share one.
///
/// # Errors
/// When Node or the catcher is not installed, or a folder cannot be made.
pub fn service(layout: &Layout, ports: &Ports) -> Result<Service, DemoError> {
    let script = layout.root().join(SCRIPT);
    if !script.is_file() {
        return Err(DemoError::MissingProgram(format!("the mail catcher ({SCRIPT})")));
    }
    let data = layout.data(NAME);
    let (messages, temporary) = (data.join("messages"), data.join("tmp"));
    files::make_private_folder(&messages)?;
    files::make_private_folder(&temporary)?;
    let loopback = || Arg::Text("127.0.0.1".to_owned());
    Ok(Service {
        program: Program {
            name: NAME,
            path: on_path("node")?,
            args: vec![
                script.display().to_string().into(),
                "--smtp".into(),
                ports.smtp.to_string().into(),
                "--ip".into(),
                loopback(),
                "--web".into(),
                ports.mail_web.to_string().into(),
                "--web-ip".into(),
                loopback(),
                "--mail-directory".into(),
                messages.display().to_string().into(),
                "--max-emails".into(),
                "5000".into(),
            ],
            env: vec![("TMPDIR".to_owned(), temporary.display().to_string())],
            cwd: data,
            owner: None,
            log: layout.log(NAME),
        },
        stop: Signal::SIGTERM,
        hurry: Signal::SIGKILL,
        probe: Probe::Mail { smtp: ports.smtp, web: ports.mail_web },
        exclusive: None,
    })
}

/// Where mail is handed over.
pub fn smtp_url(ports: &Ports) -> String {
    format!("smtp://127.0.0.1:{}", ports.smtp)
}

/// Where caught mail is shown.
pub fn web_url(ports: &Ports) -> String {
    format!("http://127.0.0.1:{}", ports.mail_web)
}
