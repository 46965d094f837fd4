//! Protocol buffers of TensorBoard's HPARAMS plugin, which the `tfrecord` crate lacks. Field numbers are those of
//! `tensorboard/plugins/hparams/{plugin_data,api}.proto`.

use std::collections::HashMap;

use prost::Message;

/// A hyperparameter's value.
#[derive(Clone, Debug, PartialEq)]
pub enum HParam {
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
    /// A boolean.
    Flag(bool),
}

/// The parts of `google.protobuf.Value` that hyperparameters use.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ProtoValue {
    #[prost(oneof = "ProtoKind", tags = "2, 3, 4")]
    kind: Option<ProtoKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum ProtoKind {
    #[prost(double, tag = "2")]
    Number(f64),
    #[prost(string, tag = "3")]
    Text(String),
    #[prost(bool, tag = "4")]
    Flag(bool),
}

/// `google.protobuf.ListValue`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ProtoList {
    #[prost(message, repeated, tag = "1")]
    values: Vec<ProtoValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct HParamInfo {
    #[prost(string, tag = "1")]
    name: String,
    /// Data type: 1 string, 2 boolean, 3 number.
    #[prost(int32, tag = "4")]
    kind: i32,
    #[prost(message, optional, tag = "5")]
    domain_discrete: Option<ProtoList>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct MetricName {
    #[prost(string, tag = "1")]
    group: String,
    #[prost(string, tag = "2")]
    tag: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct MetricInfo {
    #[prost(message, optional, tag = "1")]
    name: Option<MetricName>,
    #[prost(string, tag = "3")]
    display_name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExperimentInfo {
    #[prost(message, repeated, tag = "4")]
    hparams: Vec<HParamInfo>,
    #[prost(message, repeated, tag = "5")]
    metrics: Vec<MetricInfo>,
    #[prost(string, tag = "6")]
    name: String,
}

/// Columns of the HPARAMS tab: hyperparameters and results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HParamsDeclaration {
    /// Name of the study.
    pub name: String,
    /// Hyperparameters in column order, each with an example value that gives its type.
    pub hparams: Vec<(String, HParam)>,
    /// Tags of the results with their display names.
    pub metrics: Vec<(String, String)>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SessionStartInfo {
    #[prost(map = "string, message", tag = "1")]
    hparams: HashMap<String, ProtoValue>,
    #[prost(string, tag = "4")]
    group_name: String,
    #[prost(double, tag = "5")]
    start_time_secs: f64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SessionEndInfo {
    #[prost(int32, tag = "1")]
    status: i32,
    #[prost(double, tag = "2")]
    end_time_secs: f64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct HParamsPluginData {
    #[prost(message, optional, tag = "2")]
    experiment: Option<ExperimentInfo>,
    #[prost(message, optional, tag = "3")]
    session_start_info: Option<SessionStartInfo>,
    #[prost(message, optional, tag = "4")]
    session_end_info: Option<SessionEndInfo>,
}

fn proto(value: &HParam) -> ProtoValue {
    let kind = match value {
        HParam::Number(number) => ProtoKind::Number(*number),
        HParam::Text(text) => ProtoKind::Text(text.clone()),
        HParam::Flag(flag) => ProtoKind::Flag(*flag),
    };
    ProtoValue { kind: Some(kind) }
}

/// Plugin content of tag `_hparams_/experiment`. Domains are left out: TensorBoard derives them from the runs.
pub(crate) fn experiment(declaration: &HParamsDeclaration) -> Vec<u8> {
    let hparam = |(name, example): &(String, HParam)| HParamInfo {
        name: name.clone(),
        kind: match example {
            HParam::Text(_) => 1,
            HParam::Flag(_) => 2,
            HParam::Number(_) => 3,
        },
        domain_discrete: None,
    };
    let metric = |(tag, name): &(String, String)| MetricInfo {
        name: Some(MetricName {
            group: String::new(),
            tag: tag.clone(),
        }),
        display_name: name.clone(),
    };
    let data = HParamsPluginData {
        experiment: Some(ExperimentInfo {
            hparams: declaration.hparams.iter().map(hparam).collect(),
            metrics: declaration.metrics.iter().map(metric).collect(),
            name: declaration.name.clone(),
        }),
        session_start_info: None,
        session_end_info: None,
    };
    data.encode_to_vec()
}

/// Plugin content of tag `_hparams_/session_start_info`.
pub(crate) fn session_start(group: &str, time: f64, hparams: &[(String, HParam)]) -> Vec<u8> {
    let hparams = hparams
        .iter()
        .map(|(name, value)| (name.clone(), proto(value)));
    let data = HParamsPluginData {
        experiment: None,
        session_start_info: Some(SessionStartInfo {
            hparams: hparams.collect(),
            group_name: group.into(),
            start_time_secs: time,
        }),
        session_end_info: None,
    };
    data.encode_to_vec()
}

/// Plugin content of tag `_hparams_/session_end_info`.
pub(crate) fn session_end(time: f64, success: bool) -> Vec<u8> {
    let data = HParamsPluginData {
        experiment: None,
        session_start_info: None,
        session_end_info: Some(SessionEndInfo {
            status: if success { 1 } else { 2 },
            end_time_secs: time,
        }),
    };
    data.encode_to_vec()
}
