/* Classifies one window. On a node, the samples come from the converter instead. */
#include <stdio.h>

#include "seismic_model.h"

static int16_t window[SEISMIC_CHANNELS * SEISMIC_SAMPLES];

int main(void) {
    float logits[SEISMIC_CLASSES];
    float probabilities[SEISMIC_CLASSES];
    uint32_t noise = 1;
    int i;
    for (i = 0; i < SEISMIC_CHANNELS * SEISMIC_SAMPLES; i++) {
        noise = noise * 1664525u + 1013904223u;
        window[i] = (int16_t)((int)(noise >> 24) - 128);
    }
    if (seismic_classify_i16(window, logits) != SEISMIC_OK) {
        puts("the window has samples that are not finite, or spectra beyond float");
        return 1;
    }
    seismic_probabilities(logits, probabilities);
    for (i = 0; i < SEISMIC_CLASSES; i++) {
        printf("%-20s %.4f\n", seismic_class_names[i], (double)probabilities[i]);
    }
    return 0;
}
