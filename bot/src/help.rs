//! The long texts of `--help`.

/// After the help of the program.
pub(crate) const PROGRAM: &str = "\
Examples:
  midwatch demo
  kubectl cluster-info dump --all-namespaces --output-directory ./dump
  midwatch investigate --snapshot ./dump
  midwatch investigate --snapshot ./dump -n shop why is checkout slow
  midwatch investigate --snapshot ./dump deploy/checkout -o markdown
  amtool alert query -o json | midwatch investigate --snapshot ./dump --alert -

Exit codes:
  0  a report was made, whatever its verdict
  1  no report could be made (score, config check: something failed)
  2  wrong usage or wrong configuration

Environment:
  MIDWATCH_CONFIG         configuration file, if --config is not given
  MIDWATCH__SECTION__KEY  any setting: MIDWATCH__INVESTIGATION__LOOKBACK=2h
  NO_COLOR, TERM=dumb     no colour
  COLUMNS                 width of the text";

/// After the help of `investigate`.
pub(crate) const INVESTIGATE: &str = "\
What to ask about:
  checkout              anything of that name, or with that app label
  deploy/checkout       a kind (po, deploy, sts, svc, pvc, node) and a name
  shop/checkout         a namespace and a name
  why is checkout slow  free text; the words that name something are found
  (nothing)             the namespace of -n, or all of them

Examples:
  midwatch investigate --snapshot ./dump checkout -n shop
  midwatch investigate --snapshot ./dump --alert alert.json
  midwatch investigate --snapshot ./dump --as-of 2026-11-22T04:36:31Z
  midwatch investigate --snapshot ./dump checkout -o json | jq .analysis

The verdict is one of cause, healthy, recovered, expected, blind and inconclusive. \
Equal input gives an equal report, byte for byte in -o json. Without --as-of, now is the newest time in the snapshot.

Exit codes: 0 a report was made, 1 none could be made, 2 wrong usage or configuration.";

/// After the help of `plan`.
pub(crate) const PLAN: &str = "\
Examples:
  midwatch plan --snapshot ./dump deploy/checkout -n shop
  midwatch plan --snapshot ./dump -o json | jq -r '.reads[].command'";

/// After the help of `score`.
pub(crate) const SCORE: &str = "\
A case is a directory with case.yaml (what is true of the incident), cluster/ (its snapshot) and alert.json, if an \
alert started it. Recall is the share of cases whose root was named; precision is the share of named roots that are \
right; a false cause is a cause claimed where there is none.

Examples:
  midwatch score tests/corpus
  midwatch score tests/corpus -o json | jq .total

Exit codes: 0 every case passed, 1 a case failed or a minimum was missed, 2 wrong usage or configuration.";

/// After the help of `redact`.
pub(crate) const REDACT: &str = "\
Examples:
  kubectl logs deploy/checkout | midwatch redact
  midwatch redact --explain values.yaml

--explain tells line, column, rule and reason of everything that would be hidden, and never the secret itself.";

/// After the help of `completions`.
pub(crate) const COMPLETIONS: &str = "\
Examples:
  midwatch completions bash > ~/.local/share/bash-completion/completions/midwatch
  midwatch completions zsh  > ~/.zfunc/_midwatch
  midwatch completions fish > ~/.config/fish/completions/midwatch.fish";
