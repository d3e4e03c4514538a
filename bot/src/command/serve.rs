//! `midwatch serve`.

use std::process::ExitCode;

use crate::cli::{Common, Serve};
use crate::failure::Failure;
use crate::{live, serve, settings};

/// Serves until it is told to end.
pub(crate) fn run(args: &Serve, common: &Common) -> Result<ExitCode, Failure> {
    let roles = (!args.roles.is_empty()).then(|| format!("[{}]", args.roles.join(", ")));
    let flags = [("server.listen", args.listen.as_ref(), "--listen"), ("server.roles", roles.as_ref(), "--role")];
    let settings = settings::load_for_server(common, &flags)?;
    live::tls();
    // Its own end of signals, unlike short commands: it drains.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::no_report(format!("no threads to work with: {error}")))?;
    let ended = runtime.block_on(serve::run(&settings));
    runtime.shutdown_background();
    ended.map(|()| ExitCode::SUCCESS)
}
