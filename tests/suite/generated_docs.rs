//! `docs/configuration.md` is what the typed options say. `cargo xtask docs` writes it.

use swath::prelude::Session;

#[test]
fn configuration_page_is_current() {
    let path = super::house::project().join("docs/configuration.md");
    let expected = Session::configuration_page().unwrap();
    if std::env::var_os("SWATH_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/configuration.md is out of date; run `cargo xtask docs`");
}
