//! A storm of alerts on each chat platform, through its real client to its double, side by side.

use std::sync::Arc;

use jiff::Timestamp;
use midwatch_conformance::storm::{Figures, storm};
use midwatch_discord::{DiscordOptions, DiscordPlatform};
use midwatch_doubles::clock::Hand;
use midwatch_doubles::discord::{self, Discord};
use midwatch_doubles::slack::{self, Slack};
use midwatch_slack::{SlackOptions, SlackPlatform};

/// Channels of each platform.
const CHANNELS: usize = 20;

fn hand() -> Arc<Hand> {
    Arc::new(Hand::at(Timestamp::from_second(1_800_000_000).expect("a time")))
}

async fn on_slack() -> Figures {
    let clock = hand();
    let slack = Slack::start(slack::Options { clock: clock.clone(), ..slack::Options::default() }).await;
    let channels: Vec<String> = (0..CHANNELS).map(|n| format!("C0ALERTS{n}")).collect();
    for channel in &channels {
        slack.add_channel(channel, &channel.to_lowercase(), &[]);
    }
    let options = SlackOptions {
        api_url: slack.api_url().parse().expect("an address"),
        ..SlackOptions::new(slack.bot_token().to_owned().into()).expect("options")
    };
    let platform = Arc::new(SlackPlatform::new(&options).expect("a platform"));
    let figures = storm(platform, &channels, clock.clone(), |by| clock.advance(by)).await;
    assert!(slack.violations().is_empty() && slack.refusals().is_empty(), "limits were kept");
    figures
}

async fn on_discord() -> Figures {
    let clock = hand();
    let discord = Discord::start(discord::Options { clock: clock.clone(), ..discord::Options::default() }).await;
    let channels: Vec<String> = (0..CHANNELS).map(|n| format!("11800000000000000{n:02}")).collect();
    for (number, channel) in channels.iter().enumerate() {
        discord.add_channel(channel, &format!("alerts-{number}"));
    }
    let options = DiscordOptions {
        api_url: discord.api_url().parse().expect("an address"),
        ..DiscordOptions::new(discord.bot_token().to_owned().into(), discord.guild()).expect("options")
    };
    let platform = Arc::new(DiscordPlatform::timed(&options, clock.clone()).expect("a platform"));
    let figures = storm(platform, &channels, clock.clone(), |by| clock.advance(by)).await;
    assert!(discord.violations().is_empty() && discord.refusals().is_empty(), "limits were kept");
    figures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_keeps_to_the_limits_of_every_platform_and_no_report_waits_behind_progress() {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    for figures in [on_slack().await, on_discord().await] {
        eprintln!("{figures}");
        assert_eq!(figures.alerts, 10_000);
        assert_eq!(figures.failed, 0, "no limit was met: {figures}");
        assert!(figures.reports >= 10 * CHANNELS, "{figures}");
    }
}
