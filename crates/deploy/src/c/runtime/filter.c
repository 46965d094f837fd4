/* ---- Steps over the window in double, as the trainer computes them ---- */

#if FILTERED
/* One channel, with room for the padding of a zero-phase filter, and all channels after the steps. */
static double work[SAMPLES + 2 * PADDING];
static float stepped[CHANNELS * SAMPLES];

static double largest(const double *x) {
    double most = 0.0;
    int t;
    for (t = 0; t < SAMPLES; t++) {
        most = fmax(most, fabs(x[t]));
    }
    return most;
}

/* Second-order sections b0, b1, b2, a1, a2 in transposed direct form II, starting at rest or settled at the first sample. */
static void run_sections(double *x, int samples, const double *section, int sections, int settled) {
    double level = settled ? x[0] : 0.0;
    int t;
    for (; sections > 0; sections--, section += 5) {
        const double gain = (section[0] + section[1] + section[2]) / (1.0 + section[3] + section[4]);
        double first = (gain - section[0]) * level;
        double second = (section[2] - section[4] * gain) * level;
        level *= gain;
        for (t = 0; t < samples; t++) {
            const double in = x[t];
            x[t] = section[0] * in + first;
            first = section[1] * in - section[3] * x[t] + second;
            second = section[2] * in - section[4] * x[t];
        }
    }
}

#if STEP_ZERO_PHASE
static void reverse(double *x, int samples) {
    int t;
    for (t = 0; t < samples / 2; t++) {
        const double swap = x[t];
        x[t] = x[samples - 1 - t];
        x[samples - 1 - t] = swap;
    }
}

/* Filters forwards and backwards over an odd extension. */
static void filter_zero_phase(double *x, const double *section, int sections, int padding) {
    double *extended = x - padding;
    const int samples = SAMPLES + 2 * padding;
    int i;
    for (i = 1; i <= padding; i++) {
        x[-i] = 2.0 * x[0] - x[i];
        x[SAMPLES - 1 + i] = 2.0 * x[SAMPLES - 1] - x[SAMPLES - 1 - i];
    }
    for (i = 0; i < 2; i++) {
        run_sections(extended, samples, section, sections, 1);
        reverse(extended, samples);
    }
}
#endif

#if STEP_DEMEAN || STEP_STANDARDISE
static void demean_window(double *x) {
    double sum = 0.0;
    int t;
    for (t = 0; t < SAMPLES; t++) {
        sum += x[t];
    }
    sum /= (double)SAMPLES;
    for (t = 0; t < SAMPLES; t++) {
        x[t] -= sum;
    }
}
#endif

#if STEP_DETREND
static void detrend_window(double *x) {
    const double n = (double)SAMPLES;
    const double middle = (n - 1.0) / 2.0;
    double mean = 0.0;
    double slope = 0.0;
    int t;
    for (t = 0; t < SAMPLES; t++) {
        mean += x[t];
        slope += ((double)t - middle) * x[t];
    }
    mean /= n;
    slope /= n * (n * n - 1.0) / 12.0;
    for (t = 0; t < SAMPLES; t++) {
        x[t] -= mean + slope * ((double)t - middle);
    }
}
#endif

#if STEP_SCALE || STEP_STANDARDISE
static void scale_window(double *x, double factor) {
    int t;
    for (t = 0; t < SAMPLES; t++) {
        x[t] *= factor;
    }
}
#endif

#if STEP_STANDARDISE
static void standardise_window(double *x) {
    double power = 0.0;
    int t;
    for (t = 0; t < SAMPLES; t++) {
        power += x[t] * x[t];
    }
    if (power > 0.0) {
        scale_window(x, 1.0 / sqrt(power / (double)SAMPLES));
    }
}
#endif

/* Only rounding errors are left of a constant or a line. */
static void silence(double *x, double before) {
    int t;
    if (largest(x) <= 1e-10 * before) {
        for (t = 0; t < SAMPLES; t++) {
            x[t] = 0.0;
        }
    }
}

/* Applies all steps; returns whether all samples are finite. */
static int step_window(void) {
    double *x = work + PADDING;
    double before = 0.0;
    int c;
    int t;
    for (c = 0; c < CHANNELS; c++) {
        for (t = 0; t < SAMPLES; t++) {
            const size_t at = (size_t)c * (size_t)input.stride + (size_t)t;
            x[t] = input.i16 != NULL   ? (double)input.i16[at]
                   : input.i32 != NULL ? (double)input.i32[at]
                                       : (double)input.f32[at];
            if (!isfinite(x[t])) {
                return 0;
            }
        }
        WINDOW_STEPS
        for (t = 0; t < SAMPLES; t++) {
            stepped[c * SAMPLES + t] = (float)x[t];
        }
    }
    (void)before;
    input.i16 = NULL;
    input.i32 = NULL;
    input.f32 = stepped;
    input.stride = SAMPLES;
    return 1;
}
#endif
