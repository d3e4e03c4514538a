//! The long texts of `--help`.

/// After the help of the program.
pub(crate) const PROGRAM: &str = "\
Examples:
  midwatch demo
  midwatch investigate -n shop why is checkout slow
  midwatch investigate --context prod-eu deploy/checkout -n shop -o markdown
  midwatch snapshot -n shop --output-directory ./dump
  midwatch investigate --snapshot ./dump
  amtool alert query -o json | midwatch investigate --alert -
  midwatch doctor
  midwatch serve

Exit codes:
  0  done; of an investigation: a report was made, whatever its verdict
  1  no report could be made (doctor, score, eval, config check, pack check, audit verify: something failed)
  2  wrong usage or wrong configuration

Environment:
  MIDWATCH_CONFIG         configuration file, if --config is not given
  MIDWATCH__SECTION__KEY  any setting: MIDWATCH__INVESTIGATION__LOOKBACK=2h
  NO_COLOR, TERM=dumb     no colour
  COLUMNS                 width of the text";

/// After the help of `config rbac`.
pub(crate) const RBAC: &str = "\
Examples:
  midwatch config rbac | kubectl apply -f -
  midwatch config rbac --without-secrets

Only reading is granted. Of Secrets Midwatch asks for names, types and names of keys, as a table that has no values;
RBAC cannot grant that alone, so who trusts no program with Secrets leaves the rule out. Reports then say that missing
Secrets and keys could not be seen. Custom resources are read where the role lets them be listed: add rules for those
that matter.";

/// After the help of `investigate`.
pub(crate) const INVESTIGATE: &str = "\
What to ask about:
  checkout              anything of that name, or with that app label
  deploy/checkout       a kind (po, deploy, sts, svc, pvc, node) and a name
  shop/checkout         a namespace and a name
  why is checkout slow  free text; the words that name something are found
  (nothing)             the namespace of -n, or all of them

What is read: the current context of the kubeconfig, or the cluster that this process runs in. --context and \
--kubeconfig choose another, --prometheus adds metrics, --snapshot reads a recording instead. Nothing is ever changed.

Examples:
  midwatch investigate checkout -n shop
  midwatch investigate --context prod-eu --prometheus http://localhost:9090 --alert alert.json
  midwatch investigate --snapshot ./dump checkout -n shop
  midwatch investigate --snapshot ./dump --alert alert.json
  midwatch investigate --snapshot ./dump --as-of 2026-11-22T04:36:31Z
  midwatch investigate --snapshot ./dump checkout -o json | jq .analysis
  midwatch investigate --snapshot ./dump checkout --record incident.json
  midwatch investigate checkout -n shop --dry-run

Where a language model is configured (`model.provider`), it is asked after the rules, and says what it makes of their report beside \
it. --dry-run prints the first request that would leave for it. Budgets of a day and the audit trail are the server's: neither \
holds here.

The verdict is one of cause, healthy, recovered, expected, blind and inconclusive. \
Equal input gives an equal report of the rules, byte for byte in -o json. Without --as-of, now is the newest time in the snapshot; \
live, the present.

Exit codes: 0 a report was made, 1 none could be made, 2 wrong usage or configuration.";

/// After the help of `plan`.
pub(crate) const PLAN: &str = "\
Examples:
  midwatch plan deploy/checkout -n shop
  midwatch plan --snapshot ./dump deploy/checkout -n shop
  midwatch plan --snapshot ./dump -o json | jq -r '.reads[].command'";

/// After the help of `snapshot`.
pub(crate) const SNAPSHOT: &str = "\
Objects, events and logs are written in the layout of `kubectl cluster-info dump`. Values of Secrets are never read, and \
what looks like a secret elsewhere is hidden before it is written. What cannot be read is listed, with the missing RBAC \
rule.

Examples:
  midwatch snapshot -n shop -n payments --output-directory ./dump
  midwatch snapshot --context prod-eu -A --no-logs --output-directory ./dump

Exit codes: 0 written, 1 the cluster does not answer or the disk is full, 2 wrong usage or configuration.";

/// After the help of `serve`.
pub(crate) const SERVE: &str = "\
Listens for webhooks of Alertmanager and Grafana and for the REST API, investigates, and keeps jobs, threads and reports \
in one file. It needs a place to write and a cluster to read, nothing else. SIGTERM or Ctrl-C ends it: what runs is \
finished or handed back within `server.grace`, and what was accepted is never lost.

  POST /webhook/alertmanager   alerts; /webhook/grafana likewise
  GET  /health/ready           503 with the reasons while it is not
  GET  /metrics                its own figures
  GET  /api/v1/openapi.json    the whole API

Examples:
  midwatch serve
  midwatch serve --listen 127.0.0.1:9000 --config midwatch.yaml
  MIDWATCH__KUBERNETES__CONTEXTS='[prod-eu, prod-us]' midwatch serve

Exit codes: 0 ended as asked, 1 it could not start or go on, 2 wrong usage or configuration.";

/// After the help of `doctor`.
pub(crate) const DOCTOR: &str = "\
Checks the configuration, each cluster (reachable, clock, every permission that reading needs), Prometheus, Alertmanager, \
Slack and Discord, the language models (each is asked for one word), MCP servers and which of their tools may be used, the \
store's place, the packs, and what the server would listen on. What fails is said with the way to mend it. Changes nothing.

Examples:
  midwatch doctor
  midwatch doctor --context prod-eu
  midwatch doctor -o json | jq '.checks[] | select(.result == \"fail\")'

Exit codes: 0 nothing failed (warnings do not count), 1 something failed, 2 wrong usage.";

/// After the help of what a running server is asked.
pub(crate) const ASK: &str = "\
Asks the server of this machine (`midwatch serve`): the same words as in chat. `midwatch list` shows the jobs. Where the \
server asks a language model, any question can be asked; else those that it lists when it does not understand one.

Examples:
  midwatch ask --of 0199d2c4a81f7b62a1c4e1f0a7c3b5d2 why do you rule out the node
  midwatch ask --of 0199d2c4a81f7b62a1c4e1f0a7c3b5d2 logs since 10m

Exit codes: 0 answered, 1 no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of the other verbs that a running server is asked.
pub(crate) const SAID: &str = "\
Asks the server of this machine (`midwatch serve`): the same words as in chat.

Exit codes: 0 answered, 1 no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of `jobs`.
pub(crate) const JOBS: &str = "\
A job is one investigation, or one question about one. It is named by its id, or by the beginning or end of it that no other \
has. `watch` and `logs -f` go on until the job ends. Where no server answers, what is read comes from the store itself; \
what changes something needs the server.

Examples:
  midwatch jobs list --state pending,running
  midwatch jobs watch a7c3b5d2
  midwatch jobs logs a7c3b5d2 -f
  midwatch jobs artifacts a7c3b5d2 report.json | jq .verdict
  midwatch jobs cancel a7c3b5d2 --reason 'the deploy was rolled back'
  midwatch jobs compare a7c3b5d2 0c7f90aa -o json

Exit codes: 0 done, 1 no server answers, it refuses, or (watch) the job ended without a report or an answer, 2 wrong usage \
or configuration.";

/// After the help of `queue`.
pub(crate) const QUEUE: &str = "\
Workers take back by themselves what a silent one held, when its lease has ended; `move-stuck` does so now, and what is \
taken back is due at once.

Examples:
  midwatch queue stats -o json | jq .utilisation
  midwatch queue move-stuck
  midwatch queue clear --pack standard --confirm --reason 'a storm of test alerts'

Exit codes: 0 done, 1 no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of `dead-letter`.
pub(crate) const DEAD_LETTER: &str = "\
A job becomes a dead letter when its attempts are used up, or when too many workers vanished with it.

Examples:
  midwatch dead-letter list
  midwatch dead-letter show a7c3b5d2
  midwatch dead-letter replay a7c3b5d2

Exit codes: 0 done, 1 no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of `workers`.
pub(crate) const WORKERS: &str = "\
Examples:
  midwatch workers
  midwatch workers -o json | jq '.workers[] | select(.draining)'

Exit codes: 0 done, 1 no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of `drain`.
pub(crate) const DRAIN: &str = "\
The process hears of it within seconds, or, when it is cut off, as soon as it is back. It finishes what it runs and goes on \
to listen; `midwatch workers` shows when it runs nothing any more.

Examples:
  midwatch drain node-7 --reason 'the node is being replaced'
  midwatch drain node-7 --undo

Exit codes: 0 done, 1 no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of `kill-switch`.
pub(crate) const KILL_SWITCH: &str = "\
On all processes, within seconds: no job is taken, those that run are stopped. Alerts are still taken and wait; questions are \
refused, and whoever asks is told by whom and why.

Examples:
  midwatch kill-switch on --reason 'the API server of prod-eu is overloaded'
  midwatch kill-switch show
  midwatch kill-switch off

Exit codes: 0 done, 1 no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of `stats`.
pub(crate) const STATS: &str = "\
Counted are the jobs that were accepted in the window (24h when it is not said, 31d at most). How long they ran is the time \
of the last attempt; how long they waited is the time until its start. Errors are the share of those that failed or timed \
out among those that ended by themselves.

Examples:
  midwatch stats
  midwatch stats --last 7d -o json | jq '.packs[] | {pack, error_share}'

Exit codes: 0 done, 1 no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of `slow`.
pub(crate) const SLOW: &str = "\
Examples:
  midwatch slow --threshold 60s
  midwatch slow --threshold 5m --last 7d -o json

Exit codes: 0 done, 1 no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of `errors`.
pub(crate) const ERRORS: &str = "\
Examples:
  midwatch errors --last 1h
  midwatch errors --last 1d -o json | jq '.errors[] | {code, pack, ended}'

Exit codes: 0 done, 1 no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of `health`.
pub(crate) const HEALTH: &str = "\
Asks the server of this machine how its parts do, as it last found them: worker, queue, artifacts, packs, platforms, sources, \
models, store. `midwatch doctor` looks at what a server would need, whether one runs or not.

Examples:
  midwatch health
  midwatch health -o json | jq '.components | map_values(.latency_ms)'

Exit codes: 0 it takes work, 1 it does not, no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of `spend`.
pub(crate) const SPEND: &str = "\
Days are of UTC. What has no price in `model.prices` is told in tokens only.

Examples:
  midwatch spend --last 7d
  midwatch spend -o json | jq '[.spent[].usd // 0] | add'

Exit codes: 0 done, 1 no server answers or it refuses, 2 wrong usage or configuration.";

/// After the help of `top`.
pub(crate) const TOP: &str = "\
Shows the queue by priority, the processes, the running jobs with their steps, rates, errors, dead letters and health. q or \
Ctrl-C ends it. It needs a terminal; without one, the same is told by `queue stats`, `workers`, `jobs list`, `stats` and \
`health`.

Examples:
  midwatch top
  midwatch top --every 5

Exit codes: 0 ended, 1 no server answers or it refuses, 2 wrong usage, wrong configuration, or no terminal.";

/// After the help of `pack`.
pub(crate) const PACK: &str = "\
A pack says when and how to investigate. The built-in behaviour is packs, too; files in `packs.directory` add to them or \
replace one of the same name.

Examples:
  midwatch pack list
  midwatch pack check my-pack.yaml
  midwatch pack disable crash

Exit codes: 0 done, 1 something failed, 2 wrong usage or configuration.";

/// After the help of `slack`.
pub(crate) const SLACK: &str = "\
Create the app from the printed manifest at api.slack.com/apps (Create New App, From a manifest), install it to the \
workspace, and give Midwatch its tokens; `midwatch doctor` then says what is missing.

Examples:
  midwatch slack manifest > midwatch.json
  midwatch slack manifest --http https://midwatch.example.com";

/// After the help of `discord`.
#[cfg(feature = "discord")]
pub(crate) const DISCORD: &str = "\
Create the application at discord.com/developers/applications, give Midwatch its bot's token (discord.bot_token) and the \
server's id (discord.guild), open the printed link, and register the command; `midwatch doctor` then says what is missing.

Examples:
  midwatch discord invite
  midwatch discord register";

/// After the help of `store`.
pub(crate) const STORE: &str = "\
Examples:
  midwatch store backup /backup/midwatch-$(date +%F).db";

/// After the help of `audit`.
pub(crate) const AUDIT: &str = "\
Every entry is sealed onto the one before with a keyed hash. `verify` needs the key that the server used.

Examples:
  midwatch audit verify
  midwatch audit list --limit 20 -o json

Exit codes: 0 the trail is whole, 1 it is not or cannot be read, 2 wrong usage or configuration.";

/// After the help of `score`.
pub(crate) const SCORE: &str = "\
A case is a directory with case.yaml (what is true of the incident), cluster/ (its snapshot) and alert.json, if an \
alert started it. Recall is the share of cases whose root was named; precision is the share of named roots that are \
right; a false cause is a cause claimed where there is none.

Examples:
  midwatch score tests/corpus
  midwatch score tests/corpus -o json | jq .total

Exit codes: 0 every case passed, 1 a case failed or a minimum was missed, 2 wrong usage or configuration.";

/// After the help of `eval`.
pub(crate) const EVAL: &str = "\
A case takes part whose case.yaml has a section `model`, all of it optional:

  model:
    required_tools: [read_log]       tools that must be called
    forbidden_tools: [query_metrics] tools that must not be
    required_facts: ['regex']        what the model's part must say, after the checker
    forbidden_claims: ['regex']      what must not be said
    verdict: cause                   what rules and model come to together [default: that of the case]
    by_model: true                   whether the conclusion must be the model's
    left_out: 1                      sentences that the checker leaves out, at least

Without --replies the configured model is asked. replies.jsonl has a reply in each line: \
{\"text\": \"...\", \"calls\": [{\"name\": \"read_log\", \"arguments\": {...}}]}.

Examples:
  midwatch eval --replies
  midwatch eval -o json > before.json
  midwatch eval --compare before.json -o markdown

Exit codes: 0 every case passed, 1 a case failed, 2 wrong usage or configuration.";

/// After the help of `replay`.
pub(crate) const REPLAY: &str = "\
The server keeps a recording of every investigation: what was asked, every answer that was read, without secrets, what a \
language model replied, and what it came to. A replay reads nothing else and asks nobody; the same program gives the same \
report, byte for byte in -o json. What differs from the recorded verdict is told on standard error.

Examples:
  curl -s localhost:8080/api/v1/jobs/ID/bundle > incident.json
  midwatch replay incident.json
  midwatch replay incident.json -o json | jq .analysis

Exit codes: 0 a report was made, 1 none could be made, 2 the file is no recording.";

/// After the help of `case`.
pub(crate) const CASE: &str = "\
A case is a directory with the recording and a case.yaml that expects what the rules said. That is not yet what is true: a \
person confirms or corrects it, as the comments in it say.

Examples:
  midwatch case add incident.json --id orders-config
  midwatch score tests/corpus/orders-config

Exit codes: 0 made, 1 it cannot be written, 2 wrong usage, or the file is no recording.";

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

/// After the help of `mcp`.
pub(crate) const MCP: &str = "\
Standard input and output are the protocol; what Midwatch says of itself goes to standard error. Where a server of \
Midwatch runs (server.listen), it is asked; otherwise, and with --local, --snapshot, --context, --kubeconfig or \
--prometheus, this process investigates, and keeps the reports of its own life. Nothing is ever changed.

In the configuration of a program that starts MCP servers:
  {\"mcpServers\": {\"midwatch\": {\"command\": \"midwatch\", \"args\": [\"mcp\"]}}}

Examples:
  midwatch mcp
  midwatch mcp --snapshot ./dump
  midwatch mcp --context prod-eu --prometheus http://localhost:9090

Exit codes: 0 the input ended, 1 the other side does not speak the protocol, 2 wrong usage or configuration.";
