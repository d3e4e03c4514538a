//! From options to a client: which configuration, which context, and the read-only layer around it all.
//!
//! Must never hand out a client without [`ReadOnly`] outside of everything else. Start at [`client`].

use std::path::Path;
use std::time::Duration;

use kube::client::ClientBuilder;
use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};
use midwatch_diagnosis::probe::ReadFailure;

use crate::error::ConnectError;
use crate::failure::Failure;
use crate::options::{Access, ClusterOptions};
use crate::readonly::ReadOnly;

/// How long an exec plugin may take to give credentials.
const CREDENTIALS_WITHIN: Duration = Duration::from_secs(20);

/// What there is in the environment of a pod.
const IN_CLUSTER: &str = "in-cluster";

/// A client and what is known of it before anything is asked.
pub(crate) struct Ready {
    /// The client.
    pub(crate) client: kube::Client,
    /// `context prod-eu`, `in-cluster`.
    pub(crate) name: String,
    /// The context's namespace.
    pub(crate) namespace: String,
}

/// Makes a client that can only read.
pub(crate) async fn client(options: &ClusterOptions) -> Result<Ready, ConnectError> {
    let (mut config, name) = configured(&options.access).await?;
    config.connect_timeout = Some(options.connect_within);
    config.write_timeout = Some(options.answer_within);
    // Retries are ours: they must end with the time limit of the read.
    config.default_retry = false;
    let namespace = config.default_namespace.clone();
    let unusable = |words: String| ConnectError::Credentials { name: name.clone(), words };
    // Exec plugins run while the client is built, and wait.
    let building = tokio::task::spawn_blocking(move || ClientBuilder::try_from(config));
    let builder = match tokio::time::timeout(CREDENTIALS_WITHIN, building).await {
        Ok(Ok(Ok(builder))) => builder,
        Ok(Ok(Err(error))) => return Err(unusable(said(&error))),
        Ok(Err(_)) => return Err(unusable("reading them failed inside the reader".to_owned())),
        Err(_) => {
            let seconds = CREDENTIALS_WITHIN.as_secs();
            return Err(unusable(format!("the exec plugin of the kubeconfig gave none within {seconds} s")));
        }
    };
    let client = builder.with_layer(&ReadOnly).build();
    Ok(Ready { client, name, namespace })
}

fn said(error: &kube::Error) -> String {
    match Failure::of_error(error).of_list() {
        ReadFailure::Unreadable(words) | ReadFailure::TimedOut(words) => words,
        other => other.to_string(),
    }
}

async fn configured(access: &Access) -> Result<(Config, String), ConnectError> {
    match access {
        Access::InCluster => in_cluster(),
        Access::Kubeconfig { file, context } => from_file(file.as_deref(), context.as_deref()).await,
        Access::Auto => match from_file(None, None).await {
            // A pod has no kubeconfig; whoever has neither is told about the kubeconfig, which is what people mend.
            Err(ConnectError::NoKubeconfig { path }) => in_cluster().map_err(|_| ConnectError::NoKubeconfig { path }),
            other => other,
        },
    }
}

fn in_cluster() -> Result<(Config, String), ConnectError> {
    let config = Config::incluster().map_err(|source| ConnectError::NotInCluster { source: Box::new(source) })?;
    Ok((config, IN_CLUSTER.to_owned()))
}

async fn from_file(file: Option<&Path>, context: Option<&str>) -> Result<(Config, String), ConnectError> {
    let read = match file {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let kubeconfig = read.map_err(unreadable)?;
    let known: Vec<String> = kubeconfig.contexts.iter().map(|c| c.name.clone()).collect();
    let current = kubeconfig.current_context.clone().filter(|name| !name.is_empty());
    let Some(name) = context.map(str::to_owned).or(current) else {
        return Err(ConnectError::NoCurrentContext { known });
    };
    if !known.contains(&name) {
        return Err(ConnectError::NoSuchContext { name, known });
    }
    let wanted = KubeConfigOptions { context: Some(name.clone()), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &wanted).await.map_err(unreadable)?;
    Ok((config, format!("context {name}")))
}

fn unreadable(error: KubeconfigError) -> ConnectError {
    match error {
        KubeconfigError::ReadConfig(source, path) if source.kind() == std::io::ErrorKind::NotFound => {
            ConnectError::NoKubeconfig { path }
        }
        KubeconfigError::FindPath => ConnectError::NoKubeconfig { path: "~/.kube/config".into() },
        // The parser's words quote the text that it does not understand, which may be a token.
        KubeconfigError::Parse(_) => ConnectError::Kubeconfig {
            words: "it is no valid YAML of a kubeconfig".to_owned(),
            source: Box::new(error),
        },
        other => ConnectError::Kubeconfig { words: other.to_string(), source: Box::new(other) },
    }
}
