//! What every chat platform must do for a conversation, on Slack: over signed HTTP and over Socket Mode.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests may panic")]

mod stage;

use stage::Way;

macro_rules! over_http {
    ($($name:ident)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            midwatch_conformance::chat::$name(async |clock| crate::stage::slack(crate::Way::Http, clock).await).await;
        }
    )* };
}

macro_rules! over_sockets {
    ($($name:ident)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            midwatch_conformance::chat::$name(async |clock| crate::stage::slack(crate::Way::Sockets, clock).await).await;
        }
    )* };
}

mod http {
    midwatch_conformance::chat_properties!(over_http);
}

mod sockets {
    midwatch_conformance::chat_properties!(over_sockets);
}
