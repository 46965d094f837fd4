/* Compares with the results of the trainer's engine: prints PASS or the first difference. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "seismic_model.h"

#include "golden.h"

static int16_t window[SEISMIC_CHANNELS * SEISMIC_SAMPLES];

static uint32_t state;

static uint32_t draw(void) {
    state = state * 1664525u + 1013904223u;
    return state >> 16;
}

/* A square wave with noise and an offset. */
static void make_window(int number) {
    int i;
    state = (uint32_t)number + 1u;
    for (i = 0; i < SEISMIC_CHANNELS * SEISMIC_SAMPLES; i++) {
        const int noise = (int)(draw() % 2001u) - 1000;
        const int wave = ((i >> (3 + number % 4)) & 1) != 0 ? 700 : -700;
        window[i] = (int16_t)(noise + wave + 300 * number);
    }
}

static float magnitude(const float *values, int count) {
    float largest = 0.0f;
    int i;
    for (i = 0; i < count; i++) {
        largest = fmaxf(largest, fabsf(values[i]));
    }
    return largest;
}

static int differs(const char *what, int number, int at, double ours, double expected) {
    printf("FAIL: window %d: %s %d is %.9g, expected %.9g\n", number, what, at, ours, expected);
    return 1;
}

#if GOLDEN_IS_INTEGER
static int check_network(void) {
    seismic_value outputs[SEISMIC_CLASSES];
    int number;
    int i;
    for (number = 0; number <= GOLDEN_INPUTS; number++) {
        /* First the features of a window, then integers over their whole range. */
        state = (uint32_t)number + 100u;
        for (i = 0; i < SEISMIC_FEATURES; i++) {
            seismic_features()[i] = number == 0 ? golden_features[i] : (int8_t)((int)(draw() % 256u) - 128);
        }
        seismic_network(outputs);
        for (i = 0; i < SEISMIC_CLASSES; i++) {
            const int8_t expected = golden_outputs[number * SEISMIC_CLASSES + i];
            if (outputs[i] != expected) {
                return differs("integer logit", number, i, outputs[i], expected);
            }
        }
    }
    return 0;
}
#endif

static int check_features(void) {
    int i;
#if GOLDEN_IS_INTEGER
    const double tolerance = 1.0;
#else
    const double tolerance = 1e-4 * (double)magnitude(golden_features, SEISMIC_FEATURES);
#endif
    make_window(0);
    if (seismic_front_end_i16(window) != SEISMIC_OK) {
        puts("FAIL: the front end refuses window 0");
        return 1;
    }
    for (i = 0; i < SEISMIC_FEATURES; i++) {
        const double ours = (double)seismic_features()[i];
        if (!(fabs(ours - (double)golden_features[i]) <= tolerance)) {
            return differs("feature", 0, i, ours, (double)golden_features[i]);
        }
    }
    return 0;
}

static int check_windows(void) {
    int number;
    int i;
    for (number = 0; number < GOLDEN_WINDOWS; number++) {
        const float *expected = &golden_logits[number * SEISMIC_CLASSES];
        const float tolerance = GOLDEN_TOLERANCE * magnitude(expected, SEISMIC_CLASSES) + GOLDEN_UNIT;
        float logits[SEISMIC_CLASSES];
        make_window(number);
        if (seismic_classify_i16(window, logits) != SEISMIC_OK) {
            printf("FAIL: window %d is refused\n", number);
            return 1;
        }
        for (i = 0; i < SEISMIC_CLASSES; i++) {
            if (!(fabsf(logits[i] - expected[i]) <= tolerance)) {
                return differs("logit", number, i, (double)logits[i], (double)expected[i]);
            }
        }
    }
    return 0;
}

#if SEISMIC_STREAM
#define STREAM_WINDOWS 4
#define STREAM_SAMPLES (SEISMIC_SAMPLES + (STREAM_WINDOWS - 1) * SEISMIC_HOP)

static int16_t recording[SEISMIC_CHANNELS * STREAM_SAMPLES];
static float float_window[SEISMIC_CHANNELS * SEISMIC_SAMPLES];

/* Samples pushed one by one must give the same bits as whole windows. */
static int check_stream(int is_float) {
    float logits[SEISMIC_CLASSES];
    float expected[SEISMIC_CLASSES];
    int windows = 0;
    int t;
    int c;
    int i;
    seismic_stream_reset();
    for (t = 0; t < STREAM_SAMPLES; t++) {
        const int start = t + 1 - SEISMIC_SAMPLES;
        int16_t sample[SEISMIC_CHANNELS];
        float float_sample[SEISMIC_CHANNELS];
        int found;
        for (c = 0; c < SEISMIC_CHANNELS; c++) {
            sample[c] = recording[c * STREAM_SAMPLES + t];
            float_sample[c] = 0.37f * (float)sample[c];
        }
        found = is_float ? seismic_push_f32(float_sample, logits) : seismic_push_i16(sample, logits);
        if (found != (start >= 0 && start % SEISMIC_HOP == 0 ? SEISMIC_OK : SEISMIC_MORE)) {
            printf("FAIL: sample %d returns %d\n", t, found);
            return 1;
        }
        if (found != SEISMIC_OK) {
            continue;
        }
        for (c = 0; c < SEISMIC_CHANNELS; c++) {
            for (i = 0; i < SEISMIC_SAMPLES; i++) {
                const int16_t value = recording[c * STREAM_SAMPLES + start + i];
                window[c * SEISMIC_SAMPLES + i] = value;
                float_window[c * SEISMIC_SAMPLES + i] = 0.37f * (float)value;
            }
        }
        found = is_float ? seismic_classify_f32(float_window, expected) : seismic_classify_i16(window, expected);
        if (found != SEISMIC_OK || memcmp(logits, expected, sizeof logits) != 0) {
            return differs("logit of the stream", windows, 0, (double)logits[0], (double)expected[0]);
        }
        windows++;
    }
    if (windows != STREAM_WINDOWS) {
        printf("FAIL: %d windows of the stream\n", windows);
        return 1;
    }
    return 0;
}

static int check_streams(void) {
    int i;
    state = 77u;
    for (i = 0; i < SEISMIC_CHANNELS * STREAM_SAMPLES; i++) {
        recording[i] = (int16_t)((int)(draw() % 2001u) - 1000 + i % 499 * 9);
    }
    return check_stream(0) != 0 || check_stream(1) != 0 || check_stream(0) != 0;
}
#endif

int main(void) {
#if GOLDEN_IS_INTEGER
    if (check_network() != 0) {
        return 1;
    }
#endif
    if (check_features() != 0 || check_windows() != 0) {
        return 1;
    }
#if SEISMIC_STREAM
    if (check_streams() != 0) {
        return 1;
    }
#endif
    puts("PASS");
    return 0;
}
