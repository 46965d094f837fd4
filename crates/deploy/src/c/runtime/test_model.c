/* Compares with what the trainer's engine computed: prints PASS, or the first difference. */
#include <math.h>
#include <stdio.h>

#include "seismic_model.h"

#include "golden.h"

static int16_t window[SEISMIC_CHANNELS * SEISMIC_SAMPLES];

static uint32_t state;

static uint32_t draw(void) {
    state = state * 1664525u + 1013904223u;
    return state >> 16;
}

/* Noise on a square wave and an offset. */
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
        /* Features of a window first, then integers of all kinds. */
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

int main(void) {
#if GOLDEN_IS_INTEGER
    if (check_network() != 0) {
        return 1;
    }
#endif
    if (check_features() != 0 || check_windows() != 0) {
        return 1;
    }
    puts("PASS");
    return 0;
}
