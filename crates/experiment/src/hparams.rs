//! Protocol buffers of TensorBoard's HPARAMS plugin, which the `tfrecord` crate does not have.
//! Field numbers: `tensorboard/plugins/hparams/{plugin_data,api}.proto`.

use std::collections::HashMap;

use prost::Message;

/// A hyperparameter's value.
#[derive(Clone, Debug, PartialEq)]
pub enum HParam {
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
    /// A switch.
    Flag(bool),
}

/// `google.protobuf.Value`, as far as hyperparameters use it.
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
    #[prost(message, optional, tag = "3")]
    session_start_info: Option<SessionStartInfo>,
    #[prost(message, optional, tag = "4")]
    session_end_info: Option<SessionEndInfo>,
}

/// Plugin content of tag `_hparams_/session_start_info`.
pub(crate) fn session_start(group: &str, time: f64, hparams: &[(String, HParam)]) -> Vec<u8> {
    let hparams = hparams.iter().map(|(name, value)| {
        let kind = match value {
            HParam::Number(number) => ProtoKind::Number(*number),
            HParam::Text(text) => ProtoKind::Text(text.clone()),
            HParam::Flag(flag) => ProtoKind::Flag(*flag),
        };
        (name.clone(), ProtoValue { kind: Some(kind) })
    });
    let data = HParamsPluginData {
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
        session_start_info: None,
        session_end_info: Some(SessionEndInfo {
            status: if success { 1 } else { 2 },
            end_time_secs: time,
        }),
    };
    data.encode_to_vec()
}
