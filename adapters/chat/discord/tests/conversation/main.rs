//! What every chat platform must do for a conversation, on Discord: interactions over the gateway and over signed HTTP.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests may panic")]

mod stage;

use stage::Way;

macro_rules! over_http {
    ($($name:ident)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            midwatch_conformance::chat::$name(async |clock| crate::stage::discord(crate::Way::Http, clock).await).await;
        }
    )* };
}

macro_rules! over_gateway {
    ($($name:ident)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            midwatch_conformance::chat::$name(async |clock| crate::stage::discord(crate::Way::Gateway, clock).await).await;
        }
    )* };
}

mod http {
    midwatch_conformance::chat_properties!(over_http);
}

mod gateway {
    midwatch_conformance::chat_properties!(over_gateway);
}
