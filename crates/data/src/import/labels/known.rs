//! Names of the columns of label tables, as various programs write them.

/// Column names in label tables of various programs. Those of instants, such as picks, come last.
pub(super) const STARTS: [&str; 26] = [
    "start",
    "starttime",
    "begin",
    "begintime",
    "onset",
    "from",
    "anfang",
    "beginn",
    "von",
    "début",
    "debut",
    "inicio",
    "início",
    "inizio",
    "tmin",
    "tstart",
    "eventstart",
    "eventstarttime",
    "arrivaltime",
    "picktime",
    "phasetime",
    "arrival",
    "pick",
    "time",
    "timestamp",
    "datetime",
];
/// Starts of labels without ends. Beside them, `begin_time` is that of the recording, as in PhaseNet's picks.
pub(super) const PICKS: [&str; 3] = ["phasetime", "picktime", "arrivaltime"];
pub(super) const ENDS: [&str; 17] = [
    "end",
    "endtime",
    "stop",
    "stoptime",
    "offset",
    "to",
    "until",
    "ende",
    "bis",
    "fin",
    "fim",
    "fine",
    "tmax",
    "tend",
    "tstop",
    "eventend",
    "eventendtime",
];
pub(super) const CLASSES: [&str; 23] = [
    "class",
    "label",
    "classname",
    "category",
    "annotation",
    "species",
    "eventlabel",
    "klasse",
    "bezeichnung",
    "classe",
    "clase",
    "étiquette",
    "etiqueta",
    "etichetta",
    "trialtype",
    "behavior",
    "behaviour",
    "activity",
    "eventtype",
    "phasetype",
    "phasehint",
    "phase",
    "description",
];
pub(super) const EVENTS: [&str; 2] = ["event", "eventid"];
/// Columns that give a duration instead of an end.
pub(super) const DURATIONS: [&str; 10] = [
    "duration",
    "length",
    "dur",
    "lasts",
    "dauer",
    "durée",
    "duración",
    "duração",
    "durata",
    "deltatime",
];
/// Columns of the middles of labels, in tables without starts, and of their lengths besides durations.
pub(super) const MIDDLES: [&str; 10] = [
    "center",
    "centre",
    "centertime",
    "centretime",
    "tcenter",
    "tcentre",
    "midpoint",
    "middle",
    "midtime",
    "mid",
];
pub(super) const WIDTHS: [&str; 2] = ["width", "breite"];
/// Columns that tell whether something starts or stops, in tables without ends.
pub(super) const STATUS: [&str; 3] = ["status", "behaviortype", "behaviourtype"];
/// Column of the observations of BORIS.
pub(super) const OBSERVATION: &str = "observationid";
/// Columns of dates, beside times of day.
pub(super) const DATES: [&str; 3] = ["date", "datum", "fecha"];
/// Starts that, beside a date, can only be times of day.
pub(super) const CLOCKS: [&str; 3] = ["time", "timestamp", "clock"];
/// Columns that name the labelled file. Raven's `Begin File` is the file of a sequence in which a selection begins; its
/// times count from the start of the sequence.
pub(super) const FILES: [&str; 15] = [
    "file",
    "filename",
    "filepath",
    "audiofile",
    "audiofilename",
    "wavfile",
    "soundfile",
    "mediafile",
    "mediafilename",
    "mediafilepath",
    "sourcefile",
    "recording",
    "recordingname",
    "tracename",
    SEQUENCE,
];
pub(super) const SEQUENCE: &str = "beginfile";
/// Raven's times from the start of that file.
pub(super) const FILE_OFFSET: &str = "fileoffset";
/// Columns that name the station of a row, and those of its network.
pub(super) const STATIONS: [&str; 21] = [
    "station",
    "stationid",
    "stationcode",
    "stationname",
    "sta",
    "traceid",
    "seedid",
    "nslc",
    "receiver",
    "receiverid",
    "sensor",
    "sensorid",
    "sensorname",
    "node",
    "nodeid",
    "geophone",
    "seismometer",
    "device",
    "deviceid",
    "site",
    "siteid",
];
pub(super) const NETWORKS: [&str; 3] = ["network", "networkcode", "net"];
