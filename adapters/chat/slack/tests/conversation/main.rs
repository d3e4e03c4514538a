//! What every chat platform must do for a conversation, on Slack: over signed HTTP and over Socket Mode.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests may panic")]

mod stage;

use stage::Way;

macro_rules! each_over_http {
    ($($name:ident)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            midwatch_conformance::chat::$name(async |clock| crate::stage::slack(crate::Way::Http, clock).await).await;
        }
    )* };
}

mod http {
    midwatch_conformance::chat_properties!(each_over_http);
}
