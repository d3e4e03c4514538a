//! `midwatch redact`.

use std::process::ExitCode;

use midwatch_redact::Finding;

use crate::cli::{Common, Redact};
use crate::failure::Failure;
use crate::{input, output, settings};

/// Secrets may span lines (keys, manifests), so the text is read as a whole; up to this.
const CAP: usize = 256 * 1024 * 1024;

/// Hides secrets, or tells of them.
pub(crate) fn run(args: &Redact, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[])?;
    let redactor = settings::redactor(&settings);
    let body = input::bounded(&args.file, CAP + 1)?;
    if body.len() > CAP {
        return Err(Failure::usage(format!("more than {} MiB; split it first", CAP >> 20)));
    }
    let text = String::from_utf8_lossy(&body);
    if args.explain {
        return explain(&redactor.explain(&text));
    }
    output::print_exactly(&redactor.redact_text(&text))?;
    Ok(ExitCode::SUCCESS)
}

/// A finding holds no part of what it found.
fn explain(findings: &[Finding]) -> Result<ExitCode, Failure> {
    let places: Vec<String> = findings.iter().map(|f| format!("{}:{}", f.line, f.column)).collect();
    let width = places.iter().map(String::len).max().unwrap_or(0);
    let rule_width = findings.iter().map(|f| f.rule.len()).max().unwrap_or(0);
    let line = |(place, finding): (&String, &Finding)| {
        format!(
            "{place:>width$}  {:<rule_width$}  {} characters become {}: {}\n",
            finding.rule, finding.length, finding.replacement, finding.why
        )
    };
    let list: Vec<String> = places.iter().zip(findings).map(line).collect();
    let sum = match findings.len() {
        0 => "nothing to hide was found".to_owned(),
        1 => "1 secret found".to_owned(),
        n => format!("{n} secrets found"),
    };
    let text = list.concat() + &sum;
    output::print_own(&text)?;
    Ok(ExitCode::SUCCESS)
}
