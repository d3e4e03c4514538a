//! `midwatch mcp`: whoever speaks the Model Context Protocol may ask.
//!
//! Must never write anything but the protocol to standard output. Start at [`run`].

mod local;
mod remote;

use std::process::ExitCode;
use std::sync::Arc;

use midwatch_config::Settings;
use midwatch_mcp::server::{self, Backend};
use tokio_util::sync::CancellationToken;

use crate::cli::{Common, Live, Mcp};
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::{live, settings};

use super::block_on;
use local::Local;
use remote::Remote;

/// Serves until the input ends.
pub(crate) fn run(args: &Mcp, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &live::flags(&args.live))?;
    block_on(async {
        let backend = backend(args, settings).await?;
        server::serve_stdio(backend, CancellationToken::new()).await.map_err(Failure::no_report)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Who investigates is decided once: a server that goes away later is told of, not silently replaced by another view.
async fn backend(args: &Mcp, settings: Settings) -> Result<Arc<dyn Backend>, Failure> {
    let Live { context, kubeconfig, prometheus } = &args.live;
    let named = [context, kubeconfig, prometheus].into_iter().any(Option::is_some);
    if !args.local && !named && args.snapshot.is_none() {
        let client = Client::new(&settings, client::key(args.api_key_file.as_deref())?)?;
        let answers = client.get(&["health", "live"]).await;
        if matches!(answers, Ok((_, Some(probe))) if probe["status"] == "ok") {
            tracing::info!(address = %client.address(), "the server that runs is asked");
            return Ok(Arc::new(Remote::new(client, settings::redactor(&settings))));
        }
    }
    tracing::info!("no server is asked: this process investigates");
    Ok(Arc::new(Local::new(settings, args.snapshot.clone(), args.as_of)))
}
