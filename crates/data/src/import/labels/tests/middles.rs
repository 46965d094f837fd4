//! Labels by their middles, ends that are open, and other names and spellings of times.

use super::*;

fn read_text(text: &str) -> Result<LabelRows, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, text).unwrap();
    read(&path, &parse_yaml("labels.csv").unwrap()).map_err(|error| error.to_string())
}

fn seconds(text: &str) -> Vec<(f64, f64)> {
    let rows = read_text(text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .rows;
    let times = rows
        .iter()
        .map(|row| match (row.label.start, row.label.end) {
            (Time::Seconds(start), Time::Seconds(end)) => (start, end),
            other => panic!("{text}: {other:?}"),
        });
    times.collect()
}

#[test]
fn middles_have_their_durations_around_them() {
    for text in [
        "center,duration,label\n10,4,walk\n20.5,1,run\n",
        "Centre (s),Width (s),Class\n10,4,walk\n20.5,1,run\n",
        "label;mid;dauer_ms\nwalk;10,0;4000\nrun;20,5;1000\n",
    ] {
        assert_eq!(seconds(text), [(8.0, 12.0), (20.0, 21.0)], "{text}");
        let notes = read_text(text).unwrap().notes.join(";");
        assert!(notes.contains("has the middles of the labels"), "{notes}");
    }
    let rows = read_text("midpoint,duration,label\n2024-05-01T10:00:10Z,4,walk\n")
        .unwrap()
        .rows;
    let start = crate::recording::parse_time("2024-05-01T10:00:08Z").unwrap();
    assert_eq!(rows[0].label.start, Time::Moment(start));
    assert_eq!(rows[0].label.end, Time::Moment(start + 4_000_000_000));
    // Starts and ends count first.
    assert_eq!(
        seconds("center,start,duration,label\n10,9,4,walk\n"),
        [(9.0, 13.0)]
    );
    assert!(read_text("center,end,label\n10,12,walk\n").is_err());
    assert!(read_text("class x_center y_center width height\n0 0.5 0.5 0.1 0.1\n").is_err());
}

#[test]
fn open_ends_are_said() {
    for text in [
        "start,end,label\n0,20,walk\n40,-1,walk\n",
        "start,end,label\n0,20,walk\n40,inf,walk\n",
        "start,duration,label\n0,20,walk\n40,-1,walk\n",
        "start,duration,label\n0,20,walk\n40,Infinity,walk\n",
    ] {
        let error = read_text(text).unwrap_err();
        assert!(
            error.contains("line 3: `") && error.contains("` in place of an end is no time"),
            "{error}"
        );
    }
    assert_eq!(seconds("start,end,label\n-5,-1,walk\n"), [(-5.0, -1.0)]);
}

#[test]
fn names_and_cells_of_other_programs() {
    for text in [
        "Selection\tBegin Time (s)\tDelta Time (s)\tAnnotation\n1\t0.5\t2.0\twalk\n",
        "StartSeconds,EndSeconds,Label\n0.5,2.5,walk\n",
        "startMs,endMs,label\n500,2500,walk\n",
        "id,class,t_start,t_stop\n1,walk,0.5,2.5\n",
        "start,end,label\n=\"0.5\",=\"2.5\",=\"walk\"\n",
    ] {
        assert_eq!(seconds(text), [(0.5, 2.5)], "{text}");
    }
    // No unit.
    assert_eq!(
        seconds("startTime,endTime,label\n0.5,2.5,walk\n"),
        [(0.5, 2.5)]
    );
}

#[test]
fn points_between_thousands_are_seen_by_the_order() {
    let error = read_text("start;end;label\n10;30;walk\n1.000;1.020;run\n").unwrap_err();
    assert!(error.contains("1.000") && error.contains("1000"), "{error}");
    assert_eq!(
        seconds("start;end;label\n1.000;1.020;run\n10;30;walk\n").len(),
        2
    );
    assert_eq!(
        seconds("start;end;label\n0;1.500;run\n2;3.500;walk\n").len(),
        2
    );
}

#[test]
fn months_and_minutes_of_one_name() {
    let moment = crate::recording::parse_time("2024-05-01T10:07:30.5Z").unwrap();
    for names in ["YYYY MM DD HH MM SS.SS", "yyyy mm dd hh mm ss"] {
        let text = format!("{names} duration label\n2024 05 01 10 07 30.50 2 walk\n");
        let rows = read_text(&text).unwrap().rows;
        assert_eq!(rows[0].label.start, Time::Moment(moment), "{names}");
    }
    let lacks = read_text("year,month,day,hour,mn,duration,label\n2024,5,1,10,7,2,walk\n").unwrap();
    let said = lacks.warnings.join(";");
    assert!(
        said.contains("column `hour` has hours, and no column has minutes"),
        "{said}"
    );
}
