/* ---- Front end: from a window of samples to features ----
 *
 * A level near the mean is subtracted from the samples before summing, so that a large offset costs no precision in float. */

/* A window and the type of its samples. */
typedef struct {
    const int16_t *i16;
    const int32_t *i32;
    const float *f32;
    int stride; /* Samples from one channel to the next. */
} window;

/* Transforms a channel's samples to gain * ((x - level) - offset - slope * (t - MIDDLE)). */
typedef struct {
    int64_t integer_level;
    float level;
    float offset;
    float slope;
    float gain;
    double base; /* The part of the level that no step removed: a sample is base + rest. */
} channel;

#define MIDDLE (0.5f * (float)(SAMPLES - 1))

static window input;
static channel channels[CHANNELS];

/* FILTER */
static float residual(int c, int t) {
    const size_t at = (size_t)c * (size_t)input.stride + (size_t)t;
    if (input.i16 != NULL) {
        return (float)((int64_t)input.i16[at] - channels[c].integer_level);
    }
    if (input.i32 != NULL) {
        return (float)((int64_t)input.i32[at] - channels[c].integer_level);
    }
    return input.f32[at] - channels[c].level;
}

static float rest(int c, int t) {
    const channel *own = &channels[c];
    float value = residual(c, t) - own->offset;
    if (own->slope != 0.0f) {
        value -= own->slope * ((float)t - MIDDLE);
    }
    return value * own->gain;
}

/* Sums over short stretches lose less precision in float than one long sum. */
#define STRETCH 32

static float mean_of(int c, int start, int count) {
    float sum = 0.0f;
    int t;
    for (t = start; t < start + count; t += STRETCH) {
        float part = 0.0f;
        int i;
        for (i = t; i < t + STRETCH && i < start + count; i++) {
            part += residual(c, i);
        }
        sum += part;
    }
    return sum / (float)count;
}

#if !FILTERED && (STEP_DEMEAN || STEP_STANDARDISE || STEP_DETREND)
static float mean_residual(int c) {
    return mean_of(c, 0, SAMPLES);
}
#endif

/* Finds the level of `count` samples of a channel; returns whether all are finite. */
static int find_level(int c, int start, int count) {
    channel *own = &channels[c];
    const size_t first = (size_t)c * (size_t)input.stride + (size_t)start;
    int t;
    own->integer_level = 0;
    own->level = 0.0f;
    own->offset = 0.0f;
    own->slope = 0.0f;
    own->gain = 1.0f;
    if (input.f32 == NULL) {
        int64_t sum = 0;
        for (t = 0; t < count; t++) {
            sum += input.i16 != NULL ? (int64_t)input.i16[first + (size_t)t] : (int64_t)input.i32[first + (size_t)t];
        }
        own->integer_level = sum / count;
        own->base = (double)own->integer_level;
        return 1;
    }
    for (t = 0; t < count; t++) {
        if (!isfinite(input.f32[first + (size_t)t])) {
            return 0;
        }
    }
    own->level = input.f32[first];
    own->level += mean_of(c, start, count);
    own->base = (double)own->level;
    return 1;
}

#if !FILTERED && (STEP_DEMEAN || STEP_STANDARDISE)
static void demean(int c) {
    channels[c].offset = mean_residual(c);
    channels[c].slope = 0.0f;
    channels[c].base = 0.0;
}
#endif

#if !FILTERED && STEP_DETREND
static void detrend(int c) {
    channel *own = &channels[c];
    const float n = (float)SAMPLES;
    const float norm = n * (n * n - 1.0f) / 12.0f;
    const float mean = mean_residual(c);
    float sum = 0.0f;
    float before = 0.0f;
    float after = 0.0f;
    int t;
    for (t = 0; t < SAMPLES; t += STRETCH) {
        float part = 0.0f;
        int i;
        for (i = t; i < t + STRETCH && i < SAMPLES; i++) {
            part += (residual(c, i) - mean) * ((float)i - MIDDLE);
        }
        sum += part;
    }
    own->offset = mean;
    own->slope = sum / norm;
    own->base = 0.0;
    for (t = 0; t < SAMPLES; t++) {
        const float r = residual(c, t) - mean;
        before = fmaxf(before, fabsf(r));
        after = fmaxf(after, fabsf(r - own->slope * ((float)t - MIDDLE)));
    }
    /* Only rounding errors are left of a straight line. */
    if (after <= 1e-6f * before) {
        own->gain = 0.0f;
    }
}
#endif

#if !FILTERED && STEP_SCALE
static void scale_samples(int c, float factor) {
    channels[c].gain *= factor;
    channels[c].base *= (double)factor;
}
#endif

#if !FILTERED && STEP_STANDARDISE
static void standardise(int c) {
    float power = 0.0f;
    int t;
    demean(c);
    for (t = 0; t < SAMPLES; t += STRETCH) {
        float part = 0.0f;
        int i;
        for (i = t; i < t + STRETCH && i < SAMPLES; i++) {
            part += rest(c, i) * rest(c, i);
        }
        power += part;
    }
    power /= (float)SAMPLES;
    channels[c].gain = power > 0.0f ? channels[c].gain / sqrtf(power) : 0.0f;
}
#endif

#if TRANSFORM > 0
static float transform_buffer[TRANSFORM];

#if TRANSFORM_IS_POWER_OF_TWO
/* Even samples are the real parts, odd samples the imaginary parts of half as many complex numbers. */
#define HALF (TRANSFORM / 2)

static void transform(void) {
    float *z = transform_buffer;
    int i;
    int j = 0;
    int length;
    for (i = 1; i < HALF; i++) {
        int bit = HALF >> 1;
        for (; (j & bit) != 0; bit >>= 1) {
            j ^= bit;
        }
        j ^= bit;
        if (i < j) {
            float swap = z[2 * i];
            z[2 * i] = z[2 * j];
            z[2 * j] = swap;
            swap = z[2 * i + 1];
            z[2 * i + 1] = z[2 * j + 1];
            z[2 * j + 1] = swap;
        }
    }
    for (length = 2; length <= HALF; length *= 2) {
        const int step = TRANSFORM / length;
        for (i = 0; i < HALF; i += length) {
            for (j = 0; j < length / 2; j++) {
                const float re = cosines[j * step];
                const float im = -sines[j * step];
                float *low = &z[2 * (i + j)];
                float *high = low + length;
                const float x = high[0] * re - high[1] * im;
                const float y = high[0] * im + high[1] * re;
                high[0] = low[0] - x;
                high[1] = low[1] - y;
                low[0] += x;
                low[1] += y;
            }
        }
    }
}

static void transform_bin(int k, float *re, float *im) {
    const float *z = transform_buffer;
    const int i = k == HALF ? 0 : k;
    const int j = i == 0 ? 0 : HALF - i;
    const float even_re = 0.5f * (z[2 * i] + z[2 * j]);
    const float even_im = 0.5f * (z[2 * i + 1] - z[2 * j + 1]);
    const float odd_re = 0.5f * (z[2 * i + 1] + z[2 * j + 1]);
    const float odd_im = 0.5f * (z[2 * j] - z[2 * i]);
    const float c = k == HALF ? -1.0f : cosines[k];
    const float s = k == HALF ? 0.0f : -sines[k];
    *re = even_re + c * odd_re - s * odd_im;
    *im = even_im + c * odd_im + s * odd_re;
}
#else
static void transform(void) {
}

static void transform_bin(int k, float *re, float *im) {
    int at = 0;
    int i;
    *re = 0.0f;
    *im = 0.0f;
    for (i = 0; i < TRANSFORM; i++) {
        *re += transform_buffer[i] * cosines[at];
        *im -= transform_buffer[i] * sines[at];
        at = (at + k) % TRANSFORM;
    }
}
#endif
#endif

#if METHOD_BANDS
/* Mean square of each channel after removing its mean, in a unit chosen for the window. */
static float mean_squares[CHANNELS];
static float reference;   /* Mean of the mean squares. */
static float log_reference; /* Its logarithm, in the unit of the samples. */
static float log_sum;     /* Sum over all live channels. */
static float log_mean;
static float level;       /* Mean logarithm of power; NaN if no channel is live. */

/* Largest magnitude of `count` samples. */
static float largest_rest(int c, int start, int count) {
    float largest = 0.0f;
    int t;
    for (t = start; t < start + count; t++) {
        largest = fmaxf(largest, fabsf(rest(c, t)));
    }
    return largest;
}

/* Mean of `count` samples multiplied by `unit`, and the sum of their squared deviations from it. */
static float squares_of(int c, int start, int count, float unit, float *mean) {
    float sum = 0.0f;
    int t;
    *mean = 0.0f;
    for (t = start; t < start + count; t += STRETCH) {
        float part = 0.0f;
        int i;
        for (i = t; i < t + STRETCH && i < start + count; i++) {
            part += rest(c, i) * unit;
        }
        *mean += part;
    }
    *mean /= (float)count;
    for (t = start; t < start + count; t += STRETCH) {
        float part = 0.0f;
        int i;
        for (i = t; i < t + STRETCH && i < start + count; i++) {
            const float value = rest(c, i) * unit - *mean;
            part += value * value;
        }
        sum += part;
    }
    return sum;
}

/* Transforms a frame after removing its mean. */
static void transform_frame(int c, int start, float unit) {
    float mean = 0.0f;
    int i;
    for (i = 0; i < TRANSFORM; i++) {
        transform_buffer[i] = rest(c, start + i) * unit;
        mean += transform_buffer[i];
    }
    mean /= (float)TRANSFORM;
    for (i = 0; i < TRANSFORM; i++) {
        transform_buffer[i] = (transform_buffer[i] - mean) * taper[i];
    }
    transform();
}

/* Squared magnitudes of the bins of a band. */
static float band_sum(int band) {
    float power = 0.0f;
    int i;
    for (i = edges[band]; i < edges[band + 1]; i++) {
        float re;
        float im;
        transform_bin(i, &re, &im);
        power += re * re + im * im;
    }
    return power;
}

#if SEISMIC_STREAM
/* BANDS BY SEGMENT */
#else
static float unit; /* A power of two that brings the largest sample near 1, so that squares stay in float's range. */

/* TIME FEATURES */

static void start_bands(void) {
    float largest = 0.0f;
    int exponent = 0;
    int live = 0;
    int c;
    for (c = 0; c < CHANNELS; c++) {
        largest = fmaxf(largest, largest_rest(c, 0, SAMPLES));
    }
    if (largest > 0.0f) {
        (void)frexpf(largest, &exponent);
    }
    exponent = exponent > 120 ? 120 : exponent < -120 ? -120 : exponent;
    unit = ldexpf(1.0f, -exponent);
    reference = 0.0f;
    for (c = 0; c < CHANNELS; c++) {
        float mean;
        mean_squares[c] = squares_of(c, 0, SAMPLES, unit, &mean) / (float)SAMPLES;
        FIND_TIME_FEATURES(c, mean)
        live += mean_squares[c] > 0.0f ? 1 : 0;
        reference += mean_squares[c];
    }
    FIND_CORRELATIONS()
    reference /= (float)CHANNELS;
    log_reference = live > 0 ? logf(reference) + 2.0f * (float)exponent * 0.69314718f : 0.0f;
    log_sum = 0.0f;
    log_mean = 0.0f;
    level = (float)NAN;
}

/* Logarithms of the ratio of band power to the reference; zero in dead channels. */
static void transform_row(int c, int first, float *row) {
    const float power_scale = WINDOW_SCALE / reference;
    const float floor_power = POWER_FLOOR * mean_squares[c] / reference;
    int frame;
    for (frame = 0; frame < FRAMES; frame++) {
        float sum = 0.0f;
        int i;
        int band;
        for (i = 0; i < FRAME_FEATURES; i++) {
            row[frame * FRAME_FEATURES + i] = 0.0f;
        }
        if (!(mean_squares[c] > 0.0f)) {
            continue;
        }
        transform_frame(c, first + frame * FRAME_HOP, unit);
        for (band = 0; band < BANDS; band++) {
            const float width = (float)(edges[band + 1] - edges[band]);
            const float log_power = logf(band_sum(band) * power_scale / width + floor_power);
            row[frame * FRAME_FEATURES + band] = log_power;
            sum += log_power;
        }
        log_sum += sum;
    }
}
#endif

static void end_first_pass(void) {
    int live = 0;
    int c;
    for (c = 0; c < CHANNELS; c++) {
        live += mean_squares[c] > 0.0f ? 1 : 0;
    }
    if (live > 0) {
        log_mean = log_sum / (float)(live * SEGMENTS * FRAMES * BANDS);
        level = log_mean + log_reference;
    }
}

/* Subtracts the level from the bands, and appends it if LEVEL is set, and the features of the window. */
static void window_row(int c, float *row) {
    const float removed = LEVEL ? log_mean : -log_reference;
    int frame;
    int i;
    for (frame = 0; frame < FRAMES; frame++) {
        float *own = &row[frame * FRAME_FEATURES];
        for (i = 0; i < BANDS; i++) {
            own[i] = mean_squares[c] > 0.0f ? own[i] - removed : 0.0f;
        }
        for (; i < BANDS + LEVEL; i++) {
            own[i] = level;
        }
        for (; i < BANDS + LEVEL + POWER; i++) {
            own[i] = mean_squares[c] > 0.0f ? logf(mean_squares[c] / reference) - removed : (float)NAN;
        }
#ifdef TIME_FEATURE
        for (; i < FRAME_FEATURES; i++) {
            own[i] = TIME_FEATURE(c, i - BANDS - LEVEL - POWER);
        }
#endif
    }
}
#endif

#if METHOD_NONE
static void transform_row(int c, int first, float *row) {
    int i;
    for (i = 0; i < FEATURES; i++) {
        row[i] = rest(c, first + i);
    }
}
#endif

#if METHOD_FFT || METHOD_WELCH
/* Compresses a row of spectra; returns whether it is finite. */
static int compress(int c, float *row) {
    int i;
    int finite = 1;
    (void)c;
    for (i = 0; i < FEATURES; i++) {
        finite = finite && isfinite(row[i]);
#if COMPRESS_LOG
        row[i] = logf(fmaxf(row[i], thresholds[c]));
#elif COMPRESS_LOG1P
        row[i] = log1pf(row[i] / thresholds[c]);
#endif
    }
    return finite;
}
#endif

#if METHOD_FFT || METHOD_WELCH || PER_SEGMENT
static int spectra_are_finite;
#endif

#if METHOD_FFT
static void transform_row(int c, int first, float *row) {
    int i;
    for (i = 0; i < TRANSFORM; i++) {
        transform_buffer[i] = rest(c, first + i);
    }
    transform();
    for (i = 0; i <= TRANSFORM / 2; i++) {
        float re;
        float im;
        transform_bin(i, &re, &im);
        if (i == 0) {
            re += (float)(channels[c].base * (double)TRANSFORM);
        }
        row[i] = sqrtf(re * re + im * im);
    }
    for (; i < TRANSFORM; i++) {
        row[i] = row[TRANSFORM - i];
    }
    spectra_are_finite = compress(c, row) && spectra_are_finite;
}
#endif

#if METHOD_WELCH
static void transform_row(int c, int first, float *row) {
    int stretch;
    int i;
    for (i = 0; i < FEATURES; i++) {
        row[i] = 0.0f;
    }
    for (stretch = 0; stretch < STRETCHES; stretch++) {
        const int start = first + stretch * STRETCH_HOP;
        float mean = 0.0f;
        for (i = 0; i < TAPER; i++) {
            transform_buffer[i] = rest(c, start + i);
            mean += transform_buffer[i];
        }
#if WELCH_DETREND
        mean /= (float)TAPER;
#else
        mean = -(float)channels[c].base;
#endif
        for (i = 0; i < TAPER; i++) {
            transform_buffer[i] = (transform_buffer[i] - mean) * taper[i];
        }
        for (; i < TRANSFORM; i++) {
            transform_buffer[i] = 0.0f;
        }
        transform();
        for (i = 0; i < FEATURES; i++) {
            float re;
            float im;
            transform_bin(i, &re, &im);
            row[i] += re * re + im * im;
        }
    }
    for (i = 0; i < FEATURES; i++) {
        const int unpaired = i == 0 || (TRANSFORM % 2 == 0 && i == FEATURES - 1);
        row[i] *= unpaired ? WINDOW_SCALE : 2.0f * WINDOW_SCALE;
    }
    spectra_are_finite = compress(c, row) && spectra_are_finite;
}
#endif

#if NORMALISE_SAMPLE
/* Statistics of the rows before `window_row`. B. P. Welford, "Note on a method for calculating corrected sums of squares and
 * products", Technometrics 4 (1962). */
static float counts[CHANNELS];
static float means[CHANNELS];
static float squares[CHANNELS];
static float own_scales[CHANNELS];

static void add_number(int c, float value) {
    const float difference = value - means[c];
    counts[c] += 1.0f;
    means[c] += difference / counts[c];
    squares[c] += difference * (value - means[c]);
}

static void add_row(int c, const float *row) {
    int i;
    for (i = 0; i < FEATURES; i++) {
#if METHOD_BANDS && LEVEL
        if (i % (BANDS + 1) == BANDS) {
            continue;
        }
#endif
        add_number(c, row[i]);
    }
}

/* Mean and deviation of the rows after `window_row`. */
static void end_statistics(void) {
    int c;
    for (c = 0; c < CHANNELS; c++) {
        double mean;
        float deviation;
#if METHOD_BANDS
        means[c] -= mean_squares[c] > 0.0f ? (LEVEL ? log_mean : -log_reference) : 0.0f;
#if LEVEL
        if (!isnan(level)) {
            const float n = (float)(SEGMENTS * FRAMES);
            const float all = counts[c] + n;
            const float difference = level - means[c];
            means[c] += difference * n / all;
            squares[c] += difference * difference * counts[c] * n / all;
            counts[c] = all;
        }
#endif
#endif
        mean = (double)means[c] + ROW_BASE(c);
        deviation = sqrtf(squares[c] / counts[c]);
        own_scales[c] =
            (double)deviation > GUARD_ABSOLUTE + GUARD_RELATIVE * fabs(mean) ? 1.0f / deviation : 0.0f;
    }
}
#endif

/* Scales a row for the network; NaN becomes zero. */
static void normalise_row(int c, float *row) {
    int i;
    (void)c;
    for (i = 0; i < FEATURES; i++) {
        float value = row[i];
#if NORMALISE_SAMPLE
        value = (value - means[c]) * own_scales[c];
#elif NORMALISE_CHANNEL
        value = (float)((ROW_BASE(c) - normal_means[c]) + (double)value) * normal_scales[c];
#elif NORMALISE_FEATURE && METHOD_NONE
        value = (float)((ROW_BASE(c) - (double)normal_means[c * FEATURES + i]) + (double)value)
            * normal_scales[c * FEATURES + i];
#elif NORMALISE_FEATURE
        value = (value - normal_means[c * FEATURES + i]) * normal_scales[c * FEATURES + i];
#else
        value = (float)(ROW_BASE(c) + (double)value);
#endif
        row[i] = isnan(value) ? 0.0f : value;
    }
}

#if FEATURES_ARE_INTEGERS
static void encode_row(const float *row, int8_t *features) {
    int i;
    for (i = 0; i < FEATURES; i++) {
        const float value = roundf(row[i] / INPUT_SCALE) + (float)INPUT_ZERO;
        features[i] = (int8_t)(value < -128.0f ? -128.0f : value > 127.0f ? 127.0f : value);
    }
}
#endif

#if !FEATURES_ARE_INTEGERS
#define ROW(c, segment) (&arena[((c) * SEGMENTS + (segment)) * FEATURES])
#else
static float row_buffer[FEATURES];
#define ROW(c, segment) row_buffer
#endif

#if PER_SEGMENT
/* Features of a segment, which depend only on its own samples. */
static void segment_row(int c, int start, float *row) {
    (void)find_level(c, start, SEGMENT);
    PREPARE_CHANNEL(c)
    transform_row(c, start, row);
    normalise_row(c, row);
}

static int front_end(void) {
    int c;
    int segment;
    for (c = 0; c < CHANNELS; c++) {
        if (!find_level(c, 0, SAMPLES)) {
            return SEISMIC_NOT_FINITE;
        }
    }
    spectra_are_finite = 1;
    for (c = 0; c < CHANNELS; c++) {
        for (segment = 0; segment < SEGMENTS; segment++) {
            float *row = ROW(c, segment);
            segment_row(c, segment * HOP, row);
#if FEATURES_ARE_INTEGERS
            encode_row(row, &arena[(c * SEGMENTS + segment) * FEATURES]);
#endif
        }
    }
    return spectra_are_finite ? SEISMIC_OK : SEISMIC_RANGE;
}
#else
/* Features of a window whose channels have been prepared. */
static void window_features(void) {
    int c;
    int segment;
#if METHOD_BANDS
    start_bands();
#endif
#if METHOD_FFT || METHOD_WELCH
    spectra_are_finite = 1;
#endif
#if NORMALISE_SAMPLE
    for (c = 0; c < CHANNELS; c++) {
        counts[c] = 0.0f;
        means[c] = 0.0f;
        squares[c] = 0.0f;
    }
#endif
#if FIRST_PASS || !FEATURES_ARE_INTEGERS
    for (c = 0; c < CHANNELS; c++) {
        for (segment = 0; segment < SEGMENTS; segment++) {
            transform_row(c, segment * HOP, ROW(c, segment));
#if NORMALISE_SAMPLE
            add_row(c, ROW(c, segment));
#endif
        }
    }
#endif
#if METHOD_BANDS
    end_first_pass();
#endif
#if NORMALISE_SAMPLE
    end_statistics();
#endif
    for (c = 0; c < CHANNELS; c++) {
        for (segment = 0; segment < SEGMENTS; segment++) {
            float *row = ROW(c, segment);
#if FEATURES_ARE_INTEGERS
            /* Computed again: storing a whole window of float features would take four times the memory. */
            transform_row(c, segment * HOP, row);
#endif
#if METHOD_BANDS
            window_row(c, row);
#endif
            normalise_row(c, row);
#if FEATURES_ARE_INTEGERS
            encode_row(row, &arena[(c * SEGMENTS + segment) * FEATURES]);
#endif
        }
    }
}

static int front_end(void) {
    int c;
#if FILTERED
    if (!step_window()) {
        return SEISMIC_NOT_FINITE;
    }
#endif
    for (c = 0; c < CHANNELS; c++) {
        if (!find_level(c, 0, SAMPLES)) {
            return SEISMIC_NOT_FINITE;
        }
        PREPARE_CHANNEL(c)
    }
    window_features();
#if METHOD_FFT || METHOD_WELCH
    if (!spectra_are_finite) {
        return SEISMIC_RANGE;
    }
#endif
    return SEISMIC_OK;
}
#endif
