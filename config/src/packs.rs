//! The packs that come with the program, as they are written.
//!
//! Never reads them: what a pack means is decided where packs are used. Start at [`builtin_packs`].

/// Every built-in pack: its name and its YAML, in order of the names.
pub fn builtin_packs() -> &'static [(&'static str, &'static str)] {
    &[
        ("crash", include_str!("../packs/crash.yaml")),
        ("default", include_str!("../packs/default.yaml")),
        ("jobs", include_str!("../packs/jobs.yaml")),
        ("nodes", include_str!("../packs/nodes.yaml")),
        ("pace", include_str!("../packs/pace.yaml")),
        ("question", include_str!("../packs/question.yaml")),
        ("rollout", include_str!("../packs/rollout.yaml")),
        ("storage", include_str!("../packs/storage.yaml")),
    ]
}
