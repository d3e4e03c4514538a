//! Words: which are names, which are not, and where one stands in a text.

use midwatch_diagnosis::entity::Kind;

/// Words with signs in them that are no names.
pub(super) const TERMS: &str = "\
    e.g i.e etc vs a.m p.m and/or n/a i/o tcp/ip read/write on/off request/response ci/cd postgresql mysql \
    github gitlab rabbitmq coredns opentelemetry graphql javascript typescript devops openssl ipv4 ipv6 nodejs \
    node.js redis/valkey";

/// Programs that a sentence may blame by their name alone.
pub(super) const PRODUCTS: &str = "\
    kafka redis rabbitmq elasticsearch opensearch nginx envoy istio consul etcd zookeeper cassandra memcached mongodb \
    clickhouse haproxy traefik";

/// Names that many things have, and that are ordinary words, too.
pub(super) const GENERIC: &str = "\
    default system cluster server service worker workers proxy cache frontend backend database monitoring ingress \
    node nodes main init test production staging config data storage gateway controller scheduler queue logs \
    metrics tools tool image replica primary master manager operator client report standard memory network";

/// Parts of words with a hyphen that are made in English.
const FIRST: &str = "\
    re non pre post multi single self cross auto high low long short half well over under out in on so one two \
    three four back time end mid sub co semi near first second third last same full then old new up read root per \
    by fail follow cluster side never not ever all log pod node crash image rate memory cpu error start shut scale \
    hard soft roll run step work write point round upper lower large small fast slow most least user host built \
    life real warm cold dead live double";

/// How such words end.
const LAST: &str = "\
    based like level side wide free specific driven bound only off out up down time term ready related style aware \
    loop in on by to of end lived known fold old new point safe proof back through over scale long minute second \
    hour day week cause memory limit pressure pod node cluster call date check kill again";

/// Words that go on with a sentence after a kind.
const GOES_ON: &str = "\
    is has had was are were and or of in on for to with does did do cannot can could would will may might must \
    should fails failed fail whose that which who rollout revision spec status template events event pods pod \
    object objects itself exists exist named called not no from by at as but uses used references refers mounts \
    shows says controller resource resources selector selects name names key keys data volume volumes account \
    accounts network policy policies it its they the a an this cannot never still also now then than because since \
    after before while when where until restarts restarted restart crashes crashed runs ran running started starts \
    start stopped stops ready pressure taint taints labels label annotations condition conditions logs log image \
    images pull tag memory limit limits requests request usage quota was been being lost went became returns \
    returned gives gave points exited exits terminated killed created deleted changed updated scaled reports \
    reported lacks needs requires misses serves served behind under over between without within into onto per only \
    both each all any some more less few many two three one port ports config configuration environment variable \
    variables port endpoint endpoints update updates change replicas replica name class size state phase probe \
    probes command process run metrics server cluster client connection connections instance instances rejects \
    refuses refused evicts evicted holds takes times timed answers answered accepts logged spec";

/// Whether a word is one of a list.
pub(super) fn among(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// Whether a word goes on with the sentence.
pub(super) fn goes_on(word: &str) -> bool {
    among(GOES_ON, word)
}

/// A kind of Kubernetes, in one or several: `ConfigMap`, `StatefulSets`.
pub(super) fn is_common_kind(text: &str) -> bool {
    Kind::parse(text).is_some()
        || text.strip_suffix("es").or(text.strip_suffix('s')).is_some_and(|one| Kind::parse(one).is_some())
}

/// A word of letters only, as a part of `memory/CPU`.
pub(super) fn is_plain(part: &str) -> bool {
    const COMMON: &str = "\
        cpu memory read write liveness readiness startup request limit requests limits start stop client server up \
        down in out tcp udp http https dns tls ssl image network disk log logs event events restart restarts crash \
        or and connect timeout";
    among(COMMON, part) || part.bytes().all(|b| b.is_ascii_digit())
}

/// A word with hyphens that is made in English: `read-only`, `crash-looping`, `out-of-memory`.
pub(crate) fn is_compound(lower: &str) -> bool {
    let parts: Vec<&str> = lower.split('-').collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
    let letters = parts.iter().all(|part| !part.is_empty() && part.chars().all(char::is_alphabetic));
    let number = parts[0].bytes().all(|b| b.is_ascii_digit())
        && parts[1..].iter().all(|part| part.chars().all(char::is_alphabetic));
    let ends =
        among(LAST, last) || last.len() > 4 && (last.ends_with("ed") || last.ends_with("ing") || last.ends_with("ly"));
    let begins = among(FIRST, first);
    let short = |word: &str| matches!(word, "of" | "to" | "in" | "the" | "and" | "by" | "on" | "out" | "up" | "a");
    letters
        && (begins && (ends || parts.len() == 2 || parts[1..parts.len() - 1].iter().all(|w| short(w)))
            || ends && parts.len() == 2)
        || number
}

/// Whether a text holds a word: between anything that is no letter and no digit.
pub(super) fn holds(text: &str, word: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !word.is_empty()
        && text
            .match_indices(word)
            .any(|(at, _)| !joins(text[..at].chars().next_back()) && !joins(text[at + word.len()..].chars().next()))
}
