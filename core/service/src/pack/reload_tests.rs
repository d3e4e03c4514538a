//! Packs that are read again while someone has them in hand.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;

const BUILT_IN: &[(&str, &str)] = &[("base", "name: base\nversion: 1.0.0\ndescription: d\ntriggers: {alerts: all}\n")];

fn write(directory: &Path, name: &str, more: &str) {
    let text = format!("name: {name}\nversion: 1.0.0\ndescription: d\n{more}");
    std::fs::write(directory.join(format!("{name}.yaml")), text).unwrap();
}

/// Looks until the files stood still, and once more.
fn looked(reload: &mut Reload, packs: &Packs) -> Reloaded {
    assert_eq!(reload.look(packs), Reloaded::Nothing, "it may not be whole yet");
    reload.look(packs)
}

fn told(reloaded: &Reloaded) -> Vec<String> {
    match reloaded {
        Reloaded::Read(changes) => changes.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

fn begun(directory: &Path) -> (Packs, Reload) {
    let packs = Packs::load(BUILT_IN, Some(directory)).unwrap();
    let mut reload = Reload::new(BUILT_IN, directory);
    assert_eq!(looked(&mut reload, &packs), Reloaded::Nothing, "they are as they were loaded");
    (packs, reload)
}

#[test]
fn what_changed_is_taken_and_told_and_who_has_a_pack_keeps_it() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "shop", "budgets: {deadline: 2m}\n");
    let (packs, mut reload) = begun(place.path());
    let (in_hand, everything) = (packs.get("shop").unwrap(), packs.pack("shop").unwrap());
    write(
        place.path(),
        "shop",
        "budgets: {deadline: 3m}\nmodel: {instructions: look, budgets: {usd: 0.5}}\npriority: low\n",
    );
    write(place.path(), "more", "");
    let told = told(&looked(&mut reload, &packs));
    assert_eq!(
        told,
        [
            "pack more 1.0.0: added",
            "pack shop 1.0.0: priority by the alert -> low, budgets.deadline 2m -> 3m, model.instructions changed, \
             model.budgets.usd as configured -> $0.50"
        ]
    );
    assert_eq!(packs.get("shop").unwrap().deadline, Duration::from_mins(3));
    assert_eq!((in_hand.deadline, everything.deadline), (Duration::from_mins(2), Duration::from_mins(2)));
    assert_eq!(reload.look(&packs), Reloaded::Nothing, "once");
}

#[test]
fn a_pack_that_goes_gives_way_to_the_built_in_one() {
    let place = tempfile::tempdir().unwrap();
    let base = "name: base\nversion: 2.0.0\ndescription: mine\n";
    std::fs::write(place.path().join("base.yaml"), base).unwrap();
    write(place.path(), "shop", "");
    let (packs, mut reload) = begun(place.path());
    std::fs::remove_file(place.path().join("base.yaml")).unwrap();
    std::fs::remove_file(place.path().join("shop.yaml")).unwrap();
    let told = told(&looked(&mut reload, &packs));
    assert_eq!(
        told,
        [
            "pack base 2.0.0 -> 1.0.0: it is your own -> the built-in one, description changed, triggers changed",
            "pack shop 1.0.0: removed"
        ]
    );
    assert!(packs.get("shop").is_none() && !packs.is_enabled("shop") && packs.is_enabled("base"));
}

#[test]
fn a_mistake_keeps_the_old_packs_and_is_told_once() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "shop", "");
    let (packs, mut reload) = begun(place.path());
    write(place.path(), "more", "");
    write(place.path(), "shop", "budgets: {deadlin: 3m}\n");
    let Reloaded::Mistakes(mistakes) = looked(&mut reload, &packs) else { panic!("a mistake") };
    assert!(mistakes.to_string().contains("did you mean `deadline`?"), "{mistakes}");
    assert!(packs.get("more").is_none(), "all of them or none");
    for _ in 0..40 {
        assert_eq!(reload.look(&packs), Reloaded::Nothing, "it was told");
    }
    write(place.path(), "shop", "");
    assert_eq!(told(&looked(&mut reload, &packs)), ["pack more 1.0.0: added"]);
    write(place.path(), "shop", "x");
    assert!(matches!(looked(&mut reload, &packs), Reloaded::Mistakes(_)));
    write(place.path(), "shop", "");
    assert_eq!(looked(&mut reload, &packs), Reloaded::Read(Vec::new()), "that it is mended is news, too");
}

#[test]
fn a_directory_that_goes_takes_no_packs_away() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("packs");
    std::fs::create_dir(&directory).unwrap();
    write(&directory, "shop", "");
    let (packs, mut reload) = begun(&directory);
    std::fs::rename(&directory, place.path().join("away")).unwrap();
    assert!(matches!(looked(&mut reload, &packs), Reloaded::Mistakes(_)));
    assert!(packs.is_enabled("shop"));
}

#[test]
fn what_no_time_and_no_size_tells_is_found_by_a_closer_look() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "shop", "budgets: {max_reads: 11}\n");
    let (packs, mut reload) = begun(place.path());
    let file = place.path().join("shop.yaml");
    let then = std::fs::metadata(&file).unwrap().modified().unwrap();
    write(place.path(), "shop", "budgets: {max_reads: 22}\n");
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(then).unwrap();
    let found: Vec<Reloaded> =
        (0..15).map(|_| reload.look(&packs)).filter(|found| *found != Reloaded::Nothing).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(told(&found[0]), ["pack shop 1.0.0: budgets.max_reads 11 -> 22"]);
}

#[test]
fn a_link_that_leads_elsewhere_is_a_change() {
    let place = tempfile::tempdir().unwrap();
    let versions = ["one", "two"].map(|name| place.path().join(name));
    for (directory, deadline) in versions.iter().zip(["2m", "4m"]) {
        std::fs::create_dir(directory).unwrap();
        write(directory, "shop", &format!("budgets: {{deadline: {deadline}}}\n"));
    }
    let mounted = place.path().join("mounted");
    std::fs::create_dir(&mounted).unwrap();
    let link = |to: &Path| std::os::unix::fs::symlink(to.join("shop.yaml"), mounted.join("shop.yaml")).unwrap();
    link(&versions[0]);
    let (packs, mut reload) = begun(&mounted);
    std::fs::remove_file(mounted.join("shop.yaml")).unwrap();
    link(&versions[1]);
    let found: Vec<Reloaded> =
        (0..15).map(|_| reload.look(&packs)).filter(|found| *found != Reloaded::Nothing).collect();
    assert_eq!(told(&found[0]), ["pack shop 1.0.0: budgets.deadline 2m -> 4m"]);
}

#[test]
fn what_is_switched_off_stays_so() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "shop", "");
    let (packs, mut reload) = begun(place.path());
    packs.switch(&[("shop".to_owned(), false)]);
    write(place.path(), "shop", "depth: deep\n");
    assert_eq!(told(&looked(&mut reload, &packs)), ["pack shop 1.0.0: depth standard -> deep"]);
    assert!(!packs.is_enabled("shop"));
}
