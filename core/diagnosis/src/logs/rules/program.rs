//! What the program needs and does not find: commands, files, modules, tables; and deadlocks.

use super::super::signature::Signature::{
    CommandNotFound, Deadlock, ExecFormat, MissingFile, MissingModule, SchemaMissing,
};
use super::{Rule, strong, weak};

/// Commands before files: `exec /app/x: no such file or directory` is about the command.
#[rustfmt::skip] // one wording a row
pub(super) const RULES: &[Rule] = &[
    strong(CommandNotFound, "executable file not found", r#"exec: "(?P<name>[^"]+)": executable file not found in \$?PATH"#),
    strong(CommandNotFound, "no such file", r#"(?:exec: "|exec |unable to start container process: exec: "|stat ){path}"?: (?:stat \S+: )?no such file or directory"#),
    strong(CommandNotFound, "not found", r"^(?:/bin/|/usr/bin/)?(?:ba|da|a|z|k)?sh: (?:line )?(?:\d+: )?(?:eval: line \d+: )?(?P<name>[\w./-]+): (?:command )?not found"),
    strong(CommandNotFound, "not found", r"^\S+: (?:exec: )?(?:line )?\d+: (?P<name>[\w./-]+): (?:command )?not found"),
    strong(CommandNotFound, "command not found", r"(?:^|: )(?P<name>[\w./-]+): command not found"),
    strong(CommandNotFound, "no such file", r"^(?:/usr/bin/)?env: ['\x22\u{2018}]?(?P<name>[\w.-]+)['\x22\u{2019}]?: No such file"),
    strong(CommandNotFound, "bad interpreter", r"{path}: bad interpreter"),
    strong(ExecFormat, "exec format error", r"(?i)(?:{path}['\x22]?: )?exec format error"),
    strong(ExecFormat, "cannot execute binary file", r"(?:{path}: )?cannot execute binary file"),
    strong(MissingModule, "no module named", r"No module named ['\x22]?(?P<name>[\w.-]+)"),
    strong(MissingModule, "cannot import name", r"ImportError: cannot import name ['\x22]?(?P<name>\w+)"),
    strong(MissingModule, "cannot find", r"Cannot find (?:module|package) '(?P<name>[^']+)'"),
    strong(MissingModule, "classnotfoundexception", r"ClassNotFoundException: (?P<name>[\w.$/]+)"),
    strong(MissingModule, "noclassdeffounderror", r"NoClassDefFoundError: (?:Could not initialize class )?(?P<name>[\w.$/]+)"),
    strong(MissingModule, "loading shared libraries", r"error while loading shared libraries: (?P<name>\S+?):"),
    strong(MissingModule, "error loading shared library", r"Error loading shared library (?P<name>\S+?):"),
    strong(MissingModule, "cannot open shared object", r"(?P<name>[\w.+-]+\.so[.\d]*): cannot open shared object file"),
    strong(MissingModule, "find or load main class", r"Could not find or load main class (?P<name>\S+)"),
    strong(MissingModule, "cannot load such file", r"cannot load such file -- (?P<name>\S+)"),
    strong(MissingModule, "unable to access jarfile", r"Unable to access jarfile (?P<name>\S+)"),
    strong(Deadlock, "deadlock", r"deadlock detected|Deadlock found when trying to get lock|all goroutines are asleep - deadlock!|Found one Java-level deadlock"),
    strong(SchemaMissing, "does not exist", r#"(?:relation|database|schema|column|function|type|index) "?(?P<name>[\w.-]+)"? (?:of relation "\S+" )?does not exist"#),
    strong(SchemaMissing, "doesn't exist", r"Table '(?P<name>[^']+)' doesn't exist"),
    strong(SchemaMissing, "no such table", r"no such (?:table|column): (?P<name>[\w.]+)"),
    strong(SchemaMissing, "unknown database", r"Unknown database '(?P<name>[^']+)'"),
    strong(SchemaMissing, "unknown column", r"Unknown column '(?P<name>[^']+)'"),
    strong(SchemaMissing, "invalid object name", r"Invalid object name '(?P<name>[^']+)'"),
    strong(SchemaMissing, "no such index", r"no such index \[(?P<name>[^\]]+)\]"),
    strong(SchemaMissing, "unknown_topic_or_partition", r"(?:\{(?P<name>[\w.-]+)=)?UNKNOWN_TOPIC_OR_PARTITION"),
    strong(SchemaMissing, "unknown topic or partition", r"(?i)unknown topic or partition"),
    strong(MissingFile, "no such file or directory", r"\[Errno 2\] No such file or directory(?:: ['\x22](?P<path>[^'\x22]+)['\x22])?"),
    strong(MissingFile, "enoent", r"\bENOENT: no such file or directory(?:, \w+ '(?P<path>[^']+)')?"),
    strong(MissingFile, "no such file", r"(?i)(?:open|read|stat|lstat|chdir|cd|cat|ls|cp|mv|source|load|access) ['\x22]?{path}['\x22]?: no such file or directory"),
    strong(MissingFile, "no such file", r"(?i)(?:: |[(\s])['\x22]?(?P<path>[\w.-]*/[^\s'\x22:,;)]*)['\x22]?: no such file or directory"),
    strong(MissingFile, "no such file", r"(?:open|cannot open|can't open) ['\x22]?(?P<path>[^\s'\x22:]+)['\x22]?: (?i:no such file)"),
    strong(MissingFile, "filenotfoundexception", r"FileNotFoundException: (?P<path>[^\s(]+)"),
    strong(MissingFile, "nosuchfileexception", r"NoSuchFileException: (?P<path>\S+)"),
    weak(MissingFile, "no such file", r"(?i)(?:['\x22 ](?P<path>[\w.-]*/[^\s'\x22:,;)]*)['\x22]?:? .{0,20})?no such file(?: or directory)?"),
    weak(MissingFile, "not found", r"(?i)\bfile not found:? ['\x22]?{path}"),
];
