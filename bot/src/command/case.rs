//! `midwatch case`.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use midwatch_agent::recording::{Bundle, CAP};
use midwatch_diagnosis::shell::word;
use midwatch_diagnosis::verdict::Verdict;

use crate::cli::{Case, CaseAdd};
use crate::failure::Failure;
use crate::{input, output};

/// Letters of the report's id in a name.
const SHORT: usize = 12;

/// Looks after the corpus.
pub(crate) fn run(case: &Case) -> Result<ExitCode, Failure> {
    match case {
        Case::Add(args) => add(args),
    }
}

fn add(args: &CaseAdd) -> Result<ExitCode, Failure> {
    // The file is kept as it is: it was redacted when it was made.
    let text = input::bounded(&args.bundle, 2 * CAP)?;
    let bundle = Bundle::parse(&text).map_err(|error| Failure::usage(format!("{}: {error}", args.bundle.display())))?;
    let short: String = bundle.came().id.chars().filter(char::is_ascii_alphanumeric).take(SHORT).collect();
    let id = args.id.clone().unwrap_or_else(|| format!("recorded-{short}"));
    let dir = args.dir.join(&id);
    write(&dir, &text, &case_yaml(&id, &bundle))
        .map_err(|error| Failure::no_report(format!("{}: {error}", dir.display())))?;
    let dir = dir.display().to_string();
    let _ = writeln!(io::stderr().lock(), "{dir}/case.yaml expects what the rules said; confirm or correct it, then:");
    output::print_own(&format!("midwatch score {}", word(&dir)))?;
    Ok(ExitCode::SUCCESS)
}

/// A case that is there already stays as it is.
fn write(dir: &Path, bundle: &[u8], case: &str) -> io::Result<()> {
    if let Some(corpus) = dir.parent() {
        fs::create_dir_all(corpus)?;
    }
    fs::create_dir(dir)?;
    fs::write(dir.join("bundle.json"), bundle)?;
    fs::write(dir.join("case.yaml"), case)
}

/// What the rules said, as expectations. Text of JSON is text of YAML, too.
fn case_yaml(id: &str, bundle: &Bundle) -> String {
    let (came, request) = (bundle.came(), bundle.request());
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut out = String::new();
    let _ = writeln!(
        out,
        "# Made of the recording of an investigation by midwatch {}. What stands under `expect` is",
        bundle.engine()
    );
    let _ = writeln!(
        out,
        "# what the rules said, not yet what is true: confirm or correct it, then take this comment away."
    );
    let _ = writeln!(out, "id: {id}\ntitle: {}\nclass: recorded\nas_of: \"{}\"", quoted(&came.root_cause), came.as_of);
    if let Some(text) = &request.text {
        let _ = writeln!(out, "question: {}", quoted(text));
    }
    if let Some(namespace) = &request.namespace {
        let _ = writeln!(out, "scope: {{namespace: {}}}", quoted(namespace));
    }
    let _ = writeln!(out, "expect:\n  verdict: {}", came.verdict.as_str());
    if came.verdict == Verdict::Cause && !came.root_entities.is_empty() {
        let _ = writeln!(out, "  root:");
        for root in &came.root_entities {
            let (kind, name) = (quoted(root.kind.as_str()), quoted(&root.name));
            let namespace = root.namespace.as_deref().map(|ns| format!(", namespace: {}", quoted(ns)));
            let _ = writeln!(out, "  - {{kind: {kind}{}, name: {name}}}", namespace.unwrap_or_default());
        }
    }
    out += "  # Regular expressions: one of them must fit the cause; each must be in the report; none may fit the cause.\n";
    out += "  # reason_any: []\n  # must_mention: []\n  # must_not_claim: []\n";
    out += "# What is expected of a language model: midwatch eval --help\n# model: {required_facts: []}\n";
    out
}
