use super::*;
use crate::commands::tests::{now, store};

#[test]
fn one_page_without_network_or_script() {
    let (folder, store) = store();
    let output = folder.path().join("report.html");
    for ids in [&["00000001"][..], &["00000000", "00000001", "latest"]] {
        let options = Options {
            ids: ids.iter().map(ToString::to_string).collect(),
            output: output.clone(),
        };
        run(&store, &options, now()).unwrap();
        let page = std::fs::read_to_string(&output).unwrap();
        for outside in ["http", "src=", "href=", "<script", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("polyline") && page.contains("class=\"matrix\""));
        assert_eq!(
            page.matches("<table").count(),
            page.matches("</table>").count()
        );
    }
}

#[test]
fn text_of_others_is_text() {
    let (_folder, store) = store();
    let mut entry = store.find("00000001").unwrap();
    let bold = page(std::slice::from_ref(&entry), now())
        .matches("<b>")
        .count();
    entry.metadata.notes = "<script>alert(1)</script>".into();
    entry.metadata.class_names[0] = "\"><img src=x onerror=alert(1)>".into();
    entry.metadata.timestamp = "<b>".into();
    let page = page(&[entry], now());
    assert!(!page.contains("<script") && !page.contains("<img"));
    assert_eq!(page.matches("<b>").count(), bold);
    for shown in ["&lt;script&gt;alert(1)", "&gt;&lt;img src=x", "&lt;b&gt;"] {
        assert!(page.contains(shown), "{shown}");
    }
}
