//! The tree of settings: one struct per component.
//!
//! Never holds a setting that nothing uses. Start at the component's own file.

use crate::{
    AlertmanagerSettings, AuditSettings, ConsoleSettings, ConversationSettings, DiscordSettings, IncidentSettings,
    Investigation, JobSettings, KubernetesSettings, Log, McpSettings, ModelSettings, Output, PackSettings,
    PermissionSettings, PrometheusSettings, RedactionSettings, ServerSettings, SlackSettings, StoreSettings,
};

/// Everything that can be configured; `Default` is the documented defaults.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How far an investigation looks and how much it may read.
    pub investigation: Investigation,
    /// Which clusters are read, and how gently.
    pub kubernetes: KubernetesSettings,
    /// Where metrics are read.
    pub prometheus: PrometheusSettings,
    /// Where firing alerts are looked up.
    pub alertmanager: AlertmanagerSettings,
    /// What `midwatch serve` listens on, and who may talk to it.
    pub server: ServerSettings,
    /// Where everything durable is kept, and for how long.
    pub store: StoreSettings,
    /// How many investigations run and wait.
    pub jobs: JobSettings,
    /// How alerts become incidents.
    pub incidents: IncidentSettings,
    /// When and how to investigate, beyond what is built in.
    pub packs: PackSettings,
    /// Which language model is asked, and how much it may take.
    pub model: ModelSettings,
    /// Whose tools a model may use besides ours.
    pub mcp: McpSettings,
    /// Who may do what, where.
    pub permissions: PermissionSettings,
    /// How much may be asked for.
    pub conversation: ConversationSettings,
    /// How Midwatch is on Slack.
    pub slack: SlackSettings,
    /// How Midwatch is on Discord.
    pub discord: DiscordSettings,
    /// The trail of who asked what.
    pub audit: AuditSettings,
    /// The platform that needs no chat: threads as files.
    pub console: ConsoleSettings,
    /// What counts as secret beyond the built-in rules.
    pub redaction: RedactionSettings,
    /// How results are shown in a terminal.
    pub output: Output,
    /// Midwatch's own log, not the logs it reads.
    pub log: Log,
}
