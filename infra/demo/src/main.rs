//! `marquee-demo`: boots the demo, keeps it running, stops it in order.

use std::process::ExitCode;

use clap::Parser as _;
use marquee_demo::{boot, cli::Cli, print::Console};

fn main() -> ExitCode {
    let console = Console::new();
    // One thread: the kernel ties a child's life to the thread that started it, so that thread must be the process's.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.problem(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(boot::run(Cli::parse(), &console)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console.problem(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
