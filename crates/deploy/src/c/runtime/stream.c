/* ---- Sample by sample ---- */

#if SEISMIC_STREAM
/* Samples of the segment being filled. */
static union {
    int32_t i32[CHANNELS * SEGMENT];
    float f32[CHANNELS * SEGMENT];
} stream_samples;
#if !METHOD_BANDS
/* Features of the last segments; the next segment replaces the oldest. */
static seismic_value stream_features[SEGMENTS * CHANNELS * FEATURES];
static unsigned char stream_is_finite[SEGMENTS];
#endif
static int stream_count;    /* Samples per channel in the segment so far. */
static int stream_segments; /* Segments so far, at most SEGMENTS. */
static int stream_next;     /* Position of the next segment. */
static int stream_is_float;

void seismic_stream_reset(void) {
    stream_count = 0;
    stream_segments = 0;
    stream_next = 0;
}

/* Computes and stores the segment's results, and moves its last samples to the front. */
static void end_segment(void) {
    int c;
    int i;
    input.i16 = NULL;
    input.i32 = stream_is_float ? NULL : stream_samples.i32;
    input.f32 = stream_is_float ? stream_samples.f32 : NULL;
    input.stride = SEGMENT;
#if METHOD_BANDS
    for (c = 0; c < CHANNELS; c++) {
        keep_segment(c, stream_next);
    }
#else
    spectra_are_finite = 1;
    for (c = 0; c < CHANNELS; c++) {
        seismic_value *features = &stream_features[(stream_next * CHANNELS + c) * FEATURES];
#if FEATURES_ARE_INTEGERS
        segment_row(c, 0, row_buffer);
        encode_row(row_buffer, features);
#else
        segment_row(c, 0, features);
#endif
    }
    stream_is_finite[stream_next] = (unsigned char)spectra_are_finite;
#endif
    for (c = 0; c < CHANNELS; c++) {
        for (i = c * SEGMENT; i < c * SEGMENT + SEGMENT - HOP; i++) {
            if (stream_is_float) {
                stream_samples.f32[i] = stream_samples.f32[i + HOP];
            } else {
                stream_samples.i32[i] = stream_samples.i32[i + HOP];
            }
        }
    }
    stream_count = SEGMENT - HOP;
    stream_next = (stream_next + 1) % SEGMENTS;
    stream_segments += stream_segments < SEGMENTS ? 1 : 0;
}

/* Features of the window formed by the last segments. */
static int end_window(void) {
#if METHOD_BANDS
    stream_oldest = stream_next;
    window_features();
    stream_oldest = -1;
#else
    int segment;
    int c;
    int i;
    for (segment = 0; segment < SEGMENTS; segment++) {
        const int place = (stream_next + segment) % SEGMENTS;
        if (!stream_is_finite[place]) {
            return SEISMIC_RANGE;
        }
        for (c = 0; c < CHANNELS; c++) {
            for (i = 0; i < FEATURES; i++) {
                arena[(c * SEGMENTS + segment) * FEATURES + i] = stream_features[(place * CHANNELS + c) * FEATURES + i];
            }
        }
    }
#endif
    return SEISMIC_OK;
}

/* Called after the last channel of a sample. */
static int end_sample(float *logits) {
    int problem;
    stream_count++;
    if (stream_count < SEGMENT) {
        return SEISMIC_MORE;
    }
    end_segment();
    if (stream_segments < SEGMENTS) {
        return SEISMIC_MORE;
    }
    problem = end_window();
    if (problem == SEISMIC_OK) {
        network_logits(logits);
    }
    return problem;
}

/* A change of the sample type restarts the stream. */
static void set_kind(int is_float) {
    if (stream_is_float != is_float) {
        seismic_stream_reset();
        stream_is_float = is_float;
    }
}

int seismic_push_i16(const int16_t *samples, float *logits) {
    int c;
    set_kind(0);
    for (c = 0; c < CHANNELS; c++) {
        stream_samples.i32[c * SEGMENT + stream_count] = samples[c];
    }
    return end_sample(logits);
}

int seismic_push_i32(const int32_t *samples, float *logits) {
    int c;
    set_kind(0);
    for (c = 0; c < CHANNELS; c++) {
        stream_samples.i32[c * SEGMENT + stream_count] = samples[c];
    }
    return end_sample(logits);
}

int seismic_push_f32(const float *samples, float *logits) {
    int c;
    set_kind(1);
    for (c = 0; c < CHANNELS; c++) {
        if (!isfinite(samples[c])) {
            seismic_stream_reset();
            return SEISMIC_NOT_FINITE;
        }
        stream_samples.f32[c * SEGMENT + stream_count] = samples[c];
    }
    return end_sample(logits);
}
#endif
