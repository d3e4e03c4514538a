//! Facts without secrets, for what is kept of them. Where one field names another, the two are read together.
//!
//! Must never leave out a field that holds text from outside: the structs of [`super::lean`] name all of theirs by
//! themselves, here are the others.

use midwatch_redact::{Redact, Redactor};

use super::{Annotations, Container, EnvVar, ExecAction, IntOrString, Keys, Time};

impl Redact for EnvVar {
    fn redact(&mut self, redactor: &Redactor) {
        let Self { name, value, value_from } = self;
        value.redact_named(name, redactor);
        name.redact(redactor);
        value_from.redact(redactor);
    }
}

impl Redact for Container {
    fn redact(&mut self, redactor: &Redactor) {
        let Self {
            name,
            image,
            command,
            args,
            env,
            env_from,
            resources,
            ports,
            volume_mounts,
            liveness_probe,
            readiness_probe,
            startup_probe,
            security_context,
            restart_policy,
            image_pull_policy,
            working_dir,
        } = self;
        let split = command.len();
        let mut line: Vec<String> = std::mem::take(command);
        line.append(args);
        command_line(&mut line, redactor);
        *args = line.split_off(split);
        *command = line;
        for text in [name, image, restart_policy, image_pull_policy, working_dir] {
            text.redact(redactor);
        }
        env.redact(redactor);
        env_from.redact(redactor);
        resources.redact(redactor);
        ports.redact(redactor);
        volume_mounts.redact(redactor);
        for probe in [liveness_probe, readiness_probe, startup_probe] {
            probe.redact(redactor);
        }
        security_context.redact(redactor);
    }
}

impl Redact for ExecAction {
    fn redact(&mut self, redactor: &Redactor) {
        command_line(&mut self.command, redactor);
    }
}

/// A word of a command line can be secret for the flag before it, and the flag for the program: `redis-cli -a WORD`.
fn command_line(words: &mut [String], redactor: &Redactor) {
    let Some(program) = words.first().cloned() else { return };
    let mut before: Option<String> = None;
    for word in words {
        let given = word.clone();
        word.redact(redactor);
        if let Some(before) = before {
            let context = if before == program { format!("{before} ") } else { format!("{program} {before} ") };
            let safe = redactor.redact_text(&context);
            let together = redactor.redact_text(&format!("{context}{given}"));
            if let Some(rest) = together.strip_prefix(safe.as_str()) {
                rest.clone_into(word);
            }
        }
        before = Some(given);
    }
}

impl Redact for IntOrString {
    fn redact(&mut self, redactor: &Redactor) {
        if let Self::String(text) = self {
            text.redact(redactor);
        }
    }
}

impl Redact for Annotations {
    fn redact(&mut self, redactor: &Redactor) {
        self.0.redact(redactor);
    }
}

impl Redact for Keys {
    fn redact(&mut self, redactor: &Redactor) {
        let mut names: Vec<String> = std::mem::take(&mut self.0).into_iter().collect();
        names.redact(redactor);
        self.0.extend(names);
    }
}

impl Redact for Time {
    fn redact(&mut self, _: &Redactor) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[&str]) -> Vec<String> {
        let mut words: Vec<String> = line.iter().map(|w| (*w).to_owned()).collect();
        command_line(&mut words, &Redactor::default());
        words
    }

    #[test]
    fn a_word_is_read_with_the_flag_before_it() {
        let kept = words(&["redis-cli", "-a", "Zx81kkPq", "--port", "6379"]);
        assert!(!kept.concat().contains("Zx81kkPq"), "{kept:?}");
        assert_eq!((kept[0].as_str(), kept[1].as_str(), kept[4].as_str()), ("redis-cli", "-a", "6379"));
        let kept = words(&["/app/server", "--db-password", "Zx81kkPq", "--listen", ":8080"]);
        assert!(!kept.concat().contains("Zx81kkPq"), "{kept:?}");
        assert_eq!(kept[4], ":8080");
    }

    #[test]
    fn a_variable_is_read_with_its_name() {
        let mut var = EnvVar { name: "DB_PASSWORD".into(), value: Some("Zx81kkPq".into()), value_from: None };
        var.redact(&Redactor::default());
        assert_ne!(var.value.as_deref(), Some("Zx81kkPq"));
        assert_eq!(var.name, "DB_PASSWORD");
    }
}
