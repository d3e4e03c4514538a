//! `midwatch slack`.

use std::process::ExitCode;

use midwatch_slack::{Delivery, ManifestOptions, manifest};

use crate::cli::{Common, Slack};
use crate::failure::Failure;
use crate::{output, settings};

/// Prints the manifest of the app. Needs no token: the app does not exist yet.
pub(crate) fn run(args: Slack, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[])?;
    match args {
        Slack::Manifest { http, name } => {
            let delivery = http.map_or(Delivery::SocketMode, Delivery::Http);
            let options = ManifestOptions { name, delivery, user_groups: settings.slack.user_groups };
            output::print_own(&manifest(&options))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
