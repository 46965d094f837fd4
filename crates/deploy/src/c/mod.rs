//! C99 for sensor nodes: front end and network in one source file and one header, without heap and with no library
//! except `math.h`.
//!
//! - `runtime/`: the C code; definitions select the parts to compile;
//! - `front_end`: definitions and tables of the preprocessing;
//! - `window_features`: the code of features of the whole window;
//! - `steps`: steps over windows before the front end, including filters;
//! - `layers`: weights and layer calls of the network, in float or in 8 bits;
//! - `golden`: results of the trainer's own engine for windows that the test generates;
//! - `text`: numbers and names as C;
//! - `window`: the length of the windows.

mod front_end;
mod golden;
mod layers;
mod steps;
#[cfg(test)]
mod tests;
mod text;
mod window;
mod window_features;

use std::fmt::Write;

use serde_json::json;

use self::front_end::FrontEnd;
use self::layers::LayerText;
use self::text::{comment, float, string};
use crate::network::Network;
use crate::quantise::IntegerNetwork;
use crate::{DeployError, ModelFile, TrainedModel};

const FRONT_END_CODE: &str = include_str!("runtime/front_end.c");
const FLOAT_CODE: &str = include_str!("runtime/float.c");
const FILTER_CODE: &str = include_str!("runtime/filter.c");
const STREAM_CODE: &str = include_str!("runtime/stream.c");
const BANDS_STREAM_CODE: &str = include_str!("runtime/bands_stream.c");
const INTEGER_CODE: &str = include_str!("runtime/int8.c");

/// Stack size for a classification on an ARM Cortex-M4F. `scripts/check_firmware` measures up to 240 bytes, nearly all
/// of them in the front end and `logf`; the rest is a margin for other compilers and `math.h` implementations.
const STACK_BYTES: usize = 256;

/// The same for input sample by sample: 324 bytes with the front end `bands`.
const STREAM_STACK_BYTES: usize = 384;

/// Code size in bytes on an ARM Cortex-M4F at `-Os`, including the parts of `math.h` that are used. Measured by
/// `scripts/check_firmware`, which measures every model again.
const CODE_BYTES: usize = 8448;

/// Number format of the network in C.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// Float.
    Float,
    /// 8 bits.
    Int8(&'a IntegerNetwork),
}

/// Memory and computation that a model needs on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Size of the weights.
    pub weight_bytes: usize,
    /// Size of the front end's tables.
    pub table_bytes: usize,
    /// Static memory: features and values of the network, shared by lifetime, and the front end's buffers. The caller
    /// provides the window of samples.
    pub ram_bytes: usize,
    /// Multiply-accumulates of the network per window.
    pub macs: usize,
}

impl Cost {
    /// Weights, tables and the estimated code size.
    pub fn flash_bytes(&self) -> usize {
        self.weight_bytes + self.table_bytes + CODE_BYTES
    }
}

/// The cost of `model`. It depends only on shapes, so the network may be untrained.
///
/// # Errors
/// [`DeployError::FrontEnd`] if the preprocessing cannot be exported to C.
pub fn cost(
    model: &TrainedModel<'_>,
    network: &Network,
    numbers: Numbers<'_>,
) -> Result<Cost, DeployError> {
    let encoded = matches!(numbers, Numbers::Int8(_));
    let front_end = FrontEnd::new(model, encoded)?;
    Ok(cost_of(
        &front_end,
        &LayerText::new(network, numbers),
        network,
    ))
}

fn cost_of(front_end: &FrontEnd, layers: &LayerText, network: &Network) -> Cost {
    Cost {
        weight_bytes: layers.weight_bytes,
        table_bytes: front_end.table_bytes,
        ram_bytes: layers.arena * layers.value_bytes + front_end.buffer_bytes,
        macs: network.macs(),
    }
}

/// The files `seismic_model.h`, `seismic_model.c`, `example.c`, `test_model.c` with `golden.h`, `Makefile` and
/// `cost.json`.
///
/// # Errors
/// [`DeployError::FrontEnd`] if the preprocessing cannot be exported to C.
pub fn files(
    model: &TrainedModel<'_>,
    network: &Network,
    numbers: Numbers<'_>,
) -> Result<Vec<ModelFile>, DeployError> {
    let encoded = matches!(numbers, Numbers::Int8(_));
    let front_end = FrontEnd::new(model, encoded)?;
    let layers = LayerText::new(network, numbers);
    let cost = cost_of(&front_end, &layers, network);
    let golden = golden::header(model, network, numbers, front_end.samples)?;
    let file = |name: &str, text: String| ModelFile::new(name, text.into_bytes());
    Ok(vec![
        file("seismic_model.h", header(model, &front_end, encoded)),
        file(
            "seismic_model.c",
            source(model, &front_end, &layers, numbers),
        ),
        file("example.c", include_str!("runtime/example.c").into()),
        file("test_model.c", include_str!("runtime/test_model.c").into()),
        file("golden.h", golden),
        file("Makefile", makefile(&front_end)),
        file("cost.json", cost_file(model, &cost, (&front_end, numbers))),
    ])
}

fn header(model: &TrainedModel<'_>, front_end: &FrontEnd, encoded: bool) -> String {
    let input = model.input();
    let names = model.class_names().iter().map(|name| comment(name));
    format!(
        "/* {architecture}: {classes}. Made by `trainer export --format c`. */\n\
         #ifndef SEISMIC_MODEL_H\n#define SEISMIC_MODEL_H\n\n#include <stdint.h>\n\n\
         /* A window is `[channels][samples]`, {recorded}. */\n\
         #define SEISMIC_CHANNELS {channels}\n#define SEISMIC_SAMPLES {samples}\n\
         #define SEISMIC_FEATURES {features}\n#define SEISMIC_CLASSES {count}\n\n\
         /* What the network computes in. */\ntypedef {value} seismic_value;\n\n\
         enum {{\n    SEISMIC_OK,\n    SEISMIC_NOT_FINITE, /* A sample is not finite. */\n    \
         SEISMIC_RANGE,      /* A spectrum is beyond the range of float. */\n    \
         SEISMIC_MORE        /* It takes more samples until there are logits. */\n}};\n\n\
         extern const char *const seismic_class_names[SEISMIC_CLASSES];\n\n\
         /* Logits of a window, by the type of its samples. Returns SEISMIC_OK, or why there are none.\n \
         * Static memory is used: one window at a time. */\n\
         int seismic_classify_i16(const int16_t *window, float *logits);\n\
         int seismic_classify_i32(const int32_t *window, float *logits);\n\
         int seismic_classify_f32(const float *window, float *logits);\n\n\
         /* Probabilities of logits. */\n\
         void seismic_probabilities(const float *logits, float *probabilities);\n\n\
         /* The parts: the front end writes the features of a window, the network reads them and writes over them. */\n\
         seismic_value *seismic_features(void);\n\
         int seismic_front_end_i16(const int16_t *window);\n\
         int seismic_front_end_i32(const int32_t *window);\n\
         int seismic_front_end_f32(const float *window);\n\
         void seismic_network(seismic_value *outputs);\n\n{stream}#endif\n",
        stream = stream_header(front_end),
        architecture = model.architecture_name(),
        classes = names.collect::<Vec<_>>().join(", "),
        channels = input.height,
        samples = front_end.samples,
        features = input.elements(),
        recorded = recorded(model),
        count = model.class_names().len(),
        value = if encoded { "int8_t" } else { "float" },
    )
}

/// What the samples of a window are.
fn recorded(model: &TrainedModel<'_>) -> String {
    match model.recording_steps() {
        None => "as recorded".to_owned(),
        Some(steps) => format!(
            "of a recording that is prepared as those of the training, which this code\n * does not do: {}",
            comment(&steps)
        ),
    }
}

/// Declarations for input sample by sample, or the reason why there are none.
fn stream_header(front_end: &FrontEnd) -> String {
    match front_end.stream {
        Ok(stream) => format!(
            "/* Sample by sample, where it is compiled with SEISMIC_STREAM: one sample of every channel at a time. Only the features \
             of\n * new segments are computed. SEISMIC_OK with logits comes after SEISMIC_SAMPLES samples, and then after every \
             SEISMIC_HOP:\n * they are, to the bit, those of the last SEISMIC_SAMPLES samples as one window. All other samples \
             return SEISMIC_MORE.\n * After a gap, reset; samples of another type, and one that is not finite, do so by \
             themselves.\n * It takes {bytes} bytes more of static memory.{note} */\n#define SEISMIC_CAN_STREAM 1\n#define SEISMIC_HOP {hop}\n#if SEISMIC_STREAM\n\
             void seismic_stream_reset(void);\nint seismic_push_i16(const int16_t *samples, float *logits);\n\
             int seismic_push_i32(const int32_t *samples, float *logits);\n\
             int seismic_push_f32(const float *samples, float *logits);\n#endif\n\n",
            bytes = stream.bytes,
            note = if front_end.is_bands {
                BANDS_STREAM_NOTE
            } else {
                ""
            },
            hop = front_end.hop,
        ),
        Err(why) => format!(
            "/* No functions take it sample by sample: {why}. */\n#define SEISMIC_CAN_STREAM 0\n#if SEISMIC_STREAM\n\
             #error \"This model needs whole windows: {why}\"\n#endif\n\n"
        ),
    }
}

/// Why results for windows differ slightly if input sample by sample is enabled for `bands`.
const BANDS_STREAM_NOTE: &str = "\n * Compiled with it, functions for windows compute segment by segment too, and differ in the last digits from those \
    compiled\n * without: in 8 bits a few features by one unit.";

/// The Makefile; it also tests input sample by sample, if available.
fn makefile(front_end: &FrontEnd) -> String {
    let text = include_str!("runtime/Makefile");
    if front_end.stream.is_ok() {
        return text.to_owned();
    }
    text.replace("TESTS = test_model test_stream", "TESTS = test_model")
}

fn source(
    model: &TrainedModel<'_>,
    front_end: &FrontEnd,
    layers: &LayerText,
    numbers: Numbers<'_>,
) -> String {
    let (value, code) = match numbers {
        Numbers::Float => ("float", FLOAT_CODE),
        Numbers::Int8(_) => ("int8_t", INTEGER_CODE),
    };
    let mut text = format!(
        "/* {}. Made by `trainer export --format c`. */\n#include \"seismic_model.h\"\n\n\
         #include <math.h>\n#include <stddef.h>\n\n/* ---- Constants and tables ---- */\n\n",
        model.architecture_name()
    );
    text.push_str(&front_end.text);
    let _ = writeln!(text, "#define ARENA {}\n", layers.arena);
    text.push_str(&layers.definitions);
    let _ = write!(
        text,
        "\n/* Features and values of the network, by lifetime. */\nstatic {value} arena[ARENA];\n\n"
    );
    text.push_str(&front_end_code(front_end));
    text.push('\n');
    text.push_str(code);
    text.push_str("\n/* ---- Weights ---- */\n\n");
    text.push_str(&layers.weights);
    text.push_str(&entry_points(model, layers, numbers));
    if front_end.stream.is_ok() {
        text.push('\n');
        text.push_str(STREAM_CODE);
    }
    text
}

/// The front end, including steps in double if there are any.
fn front_end_code(front_end: &FrontEnd) -> String {
    let filter = if front_end.is_filtered {
        FILTER_CODE
    } else {
        ""
    };
    let by_segment = if front_end.is_bands && front_end.stream.is_ok() {
        BANDS_STREAM_CODE
    } else {
        ""
    };
    let time = front_end.of_window.code();
    FRONT_END_CODE
        .replace("/* TIME FEATURES */\n", &time)
        .replace("/* FILTER */\n", filter)
        .replace("/* BANDS BY SEGMENT */\n", by_segment)
}

/// Declarations for the header.
fn entry_points(model: &TrainedModel<'_>, layers: &LayerText, numbers: Numbers<'_>) -> String {
    let names = model.class_names().iter().map(|name| string(name));
    let names = names.collect::<Vec<_>>().join(", ");
    let decode = match numbers {
        Numbers::Float => "outputs[i]".to_owned(),
        Numbers::Int8(network) => {
            let encoding = network.output_encoding();
            let zero = encoding.zero_point;
            format!("{} * (float)(outputs[i] - ({zero}))", float(encoding.scale))
        }
    };
    let mut text = format!(
        "\n/* ---- Entry points ---- */\n\n\
         const char *const seismic_class_names[SEISMIC_CLASSES] = {{{names}}};\n\n\
         seismic_value *seismic_features(void) {{\n    return arena;\n}}\n\n\
         void seismic_network(seismic_value *outputs) {{\n    int i;\n{calls}    \
         for (i = 0; i < SEISMIC_CLASSES; i++) {{\n        outputs[i] = arena[{output} + i];\n    }}\n}}\n\n\
         static void network_logits(float *logits) {{\n    seismic_value outputs[SEISMIC_CLASSES];\n    int i;\n    \
         seismic_network(outputs);\n    for (i = 0; i < SEISMIC_CLASSES; i++) {{\n        logits[i] = {decode};\n    \
         }}\n}}\n\n\
         static int classify(float *logits) {{\n    \
         const int problem = front_end();\n    if (problem == SEISMIC_OK) {{\n        network_logits(logits);\n    }}\n    \
         return problem;\n}}\n\n\
         static void set_input(const int16_t *i16, const int32_t *i32, const float *f32) {{\n    \
         input.i16 = i16;\n    input.i32 = i32;\n    input.f32 = f32;\n    input.stride = SAMPLES;\n}}\n",
        calls = layers.calls,
        output = layers.output,
    );
    let types = [
        ("i16", "int16_t", "window, NULL, NULL"),
        ("i32", "int32_t", "NULL, window, NULL"),
        ("f32", "float", "NULL, NULL, window"),
    ];
    for (name, kind, arguments) in types {
        let _ = write!(
            text,
            "\nint seismic_front_end_{name}(const {kind} *window) {{\n    set_input({arguments});\n    \
             return front_end();\n}}\n\n\
             int seismic_classify_{name}(const {kind} *window, float *logits) {{\n    set_input({arguments});\n    \
             return classify(logits);\n}}\n"
        );
    }
    let _ = write!(
        text,
        "\nvoid seismic_probabilities(const float *logits, float *probabilities) {{\n    float largest = logits[0];\n    \
         float sum = 0.0f;\n    int i;\n    for (i = 1; i < SEISMIC_CLASSES; i++) {{\n        \
         largest = fmaxf(largest, logits[i]);\n    }}\n    for (i = 0; i < SEISMIC_CLASSES; i++) {{\n        \
         probabilities[i] = expf((logits[i] - largest) / {temperature});\n        sum += probabilities[i];\n    }}\n    \
         for (i = 0; i < SEISMIC_CLASSES; i++) {{\n        probabilities[i] /= sum;\n    }}\n}}\n",
        temperature = float(model.temperature() as f32),
    );
    text
}

fn cost_file(
    model: &TrainedModel<'_>,
    cost: &Cost,
    (front_end, numbers): (&FrontEnd, Numbers<'_>),
) -> String {
    let (name, cycles_a_mac) = match numbers {
        Numbers::Float => ("float32", 8),
        Numbers::Int8(_) => ("int8", 10),
    };
    let cost = json!({
        "architecture": model.architecture_name(),
        "numbers": name,
        "flash_bytes": {
            "weights": cost.weight_bytes,
            "tables": cost.table_bytes,
            "code_estimate": CODE_BYTES,
            "total_estimate": cost.flash_bytes(),
        },
        "ram_bytes": {
            "static": cost.ram_bytes,
            "sample_by_sample": front_end.stream.map_or(0, |stream| stream.bytes),
            "stack_estimate": STACK_BYTES,
            "sample_by_sample_stack_estimate": front_end.stream.map_or(0, |_| STREAM_STACK_BYTES),
            "note": "without the window of samples, which is the caller's",
        },
        "macs": cost.macs,
        "cycles_estimate": {
            "network": cost.macs * cycles_a_mac,
            "note": "an estimate for an ARM Cortex-M4F; scripts/check_firmware measures sizes, stack and instructions",
        },
    });
    format!("{cost:#}\n")
}
