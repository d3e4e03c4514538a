//! Lines of evidence that speak to a model instead of saying what happened: they carry no claim.
//!
//! Knows the forms that such orders take; what it does not know is still data to the model, and still cannot change what the
//! rules found. Start at [`is_order`].

use std::sync::LazyLock;

use regex::Regex;

#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static ORDER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        \b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|your\s+|of\s+|these\s+)*(?:previous|prior|above|earlier|preceding|former|system|other)?\s*(?:instructions?|prompts?|rules|directions|guidelines)
        | \b(?:dear\s+)?(?:ai|assistant|language\s+model|llm|chatbot|midwatch|sre\s+bot|agent)\s*[,:]\s*(?:please\s+|you\s+)?(?:must|should|call|use|post|report|say|write|conclude|answer|set|send|run|read|mark|stop|ignore|mention|note)\b
        | \b(?:report|conclude|answer|say|state|respond|reply|write|set)\s+(?:only\s+)?(?:that\s+|with\s+)?(?:the\s+)?(?:verdict|root\s*cause|conclusion)\b
        | \bverdict\s+(?:must|should|has\s+to|is\s+to)\b
        | \byou\s+(?:are|act)\s+(?:now\s+)?(?:as\s+)?(?:an?|in)\s+(?:\w+\s+){0,3}(?:assistant|mode|ai|model|bot|administrator)\b
        | \b(?:new|updated|important)\s+(?:system\s+)?instructions?\s*[:(]
        | \bsystem\s+(?:prompt|message|override)\s*[:\]]
        | \b(?:call|use|invoke|run)\s+(?:the\s+)?(?:tool|function)\s+\W?\w+
        | ^\W*(?:system|developer)\s*:\s*you\b
        ",
    )
    .unwrap()
});

/// Commands that change or destroy something. They may come in an advice, which must only be to look.
#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static CHANGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        \b(?:kubectl|oc)\b[^|;&]*?\b(?:delete|apply|patch|edit|replace|create|scale|autoscale|set|label|annotate|taint|drain|cordon|uncordon|exec|run|cp|debug|attach|undo|restart|evict|expose|port-forward)\b
        | \bhelm\s+(?:upgrade|rollback|uninstall|delete|install)\b
        | \b(?:rm|dd|mkfs|shutdown|reboot|kill|chmod|chown|curl|wget|sudo)\s+[-/\w]
        | \b(?:drop|truncate)\s+(?:table|database|schema|index)\b | \bdelete\s+from\b
        | \b(?:terraform|tofu|pulumi)\s+(?:apply|destroy|up)\b | \bdocker\s+(?:rm|stop|kill|run)\b
        | \bgit\s+push\b | \bargocd\s+app\s+(?:delete|sync|rollback)\b
        | ^\W*(?:delete|destroy|wipe|erase|purge)\b
        ",
    )
    .unwrap()
});

/// Whether a text holds a command that changes something.
pub(super) fn is_change(text: &str) -> bool {
    CHANGE.is_match(text)
}

/// Whether a line gives orders to a model.
pub(super) fn is_order(line: &str) -> bool {
    ORDER.is_match(line)
}
