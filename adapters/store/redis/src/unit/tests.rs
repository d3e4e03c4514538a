//! What a unit knows and sends, without a server.

use redis::Value;

use super::ask::pipeline;
use super::{Ask, Cell, Unit};
use crate::fault::Fault;
use crate::keys::Keys;

fn unit() -> Unit {
    Unit::new(Keys::new("t"))
}

fn cell(name: &str) -> Cell {
    Cell::text(format!("{{t}}:{name}"))
}

fn bulk(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

fn learned(unit: &mut Unit, cell: &Cell, value: Value) {
    unit.learn(Ask::Cell(cell.clone()), value);
}

#[test]
fn what_is_missing_is_asked_for_together() {
    let mut unit = unit();
    unit.want(cell("a"));
    assert!(matches!(unit.get(&cell("b")), Err(Fault::Missing)));
    assert!(matches!(unit.ask(["ZCARD", "{t}:z"]), Err(Fault::Missing)));
    let asked = unit.take_wanted();
    assert_eq!(asked.len(), 3);
    assert_eq!(pipeline(&asked).cmd_iter().count(), 3);
    assert!(unit.take_wanted().is_empty());
}

#[test]
fn a_change_is_seen_by_the_parts_after_it_and_by_no_other_run() {
    let mut unit = unit();
    learned(&mut unit, &cell("a"), bulk("1"));
    unit.set(cell("a"), Some("2".to_owned()));
    unit.set(cell("new"), Some("3".to_owned()));
    assert_eq!(unit.get(&cell("a")).unwrap().as_deref(), Some("2"));
    assert_eq!(unit.get(&cell("new")).unwrap().as_deref(), Some("3"));
    unit.begin_anew();
    assert_eq!(unit.get(&cell("a")).unwrap().as_deref(), Some("1"));
    assert!(matches!(unit.get(&cell("new")), Err(Fault::Missing)), "it was never read");
}

#[test]
fn only_what_was_decided_on_is_checked() {
    let mut unit = unit();
    learned(&mut unit, &cell("a"), bulk("1"));
    learned(&mut unit, &cell("b"), Value::Nil);
    learned(&mut unit, &cell("c"), bulk("3"));
    unit.get(&cell("a")).unwrap();
    unit.get(&cell("b")).unwrap();
    unit.peek(&cell("c")).unwrap();
    unit.set(cell("c"), None);
    let (keys, arguments) = unit.arguments(true);
    assert_eq!(keys.into_iter().collect::<Vec<_>>(), ["{t}:a", "{t}:b", "{t}:c"]);
    let wanted = ["2", "string", "{t}:a", "", "1", "1", "string", "{t}:b", "", "0", "", "2", "DEL", "{t}:c"];
    assert_eq!(arguments, wanted);
    assert_eq!(unit.arguments(false).1, wanted[..11], "a refusal is checked without its changes");
}

#[test]
fn a_bound_counts_what_the_unit_itself_adds() {
    let mut unit = unit();
    unit.learn(Ask::Words(vec!["ZCARD".to_owned(), "{t}:live".to_owned()]), Value::Int(4));
    unit.enter("{t}:live", "0", "x");
    unit.enter("{t}:other", "0", "x");
    assert_eq!(unit.size("{t}:live").unwrap(), 5);
    unit.below("{t}:live", 6);
    unit.remove("{t}:live", "y");
    assert_eq!(unit.size("{t}:live").unwrap(), 4);
    assert!(unit.arguments(true).1.windows(5).any(|words| words == ["below", "{t}:live", "", "0", "5"]));
}

#[test]
fn another_try_reads_in_one_go_what_the_last_one_had_read() {
    let mut unit = unit();
    learned(&mut unit, &cell("a"), bulk("1"));
    unit.learn(Ask::Words(vec!["ZCARD".to_owned(), "{t}:z".to_owned()]), Value::Int(4));
    unit.set(cell("written"), Some("x".to_owned()));
    let mut next = unit.again();
    assert!(matches!(next.get(&cell("a")), Err(Fault::Missing)), "nothing is kept between tries");
    assert_eq!(next.take_wanted().len(), 2);
}

#[test]
fn answers_are_flat() {
    let mut unit = unit();
    let words = vec!["ZRANGE".to_owned()];
    let nested = Value::Array(vec![Value::Array(vec![bulk("a"), Value::Int(1)]), bulk("b"), Value::Nil]);
    unit.learn(Ask::Words(words), nested);
    assert_eq!(unit.ask(["ZRANGE"]).unwrap(), ["a", "1", "b"]);
}
