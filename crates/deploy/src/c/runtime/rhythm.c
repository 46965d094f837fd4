/* Rhythm of a channel: autocorrelation of its energy in parts of the window. */
#define RHYTHM_PARTS (SAMPLES < 64 ? SAMPLES : 64)
#define RHYTHM_LAGS 32
static float rhythm[CHANNELS][RHYTHM_LAGS];

static void find_rhythm(int c, float mean) {
    float energies[RHYTHM_PARTS];
    const int is_live = mean_squares[c] > 0.0f;
    const float factor = is_live ? 1.0f / sqrtf(mean_squares[c]) : 0.0f;
    float average = 0.0f;
    float variance = 1e-4f * (float)RHYTHM_PARTS;
    int start = 0;
    int part;
    int lag;
    for (part = 0; part < RHYTHM_PARTS; part++) {
        const int end = (int)((int64_t)(part + 1) * SAMPLES / RHYTHM_PARTS);
        float energy = 0.0f;
        int t;
        for (t = start; t < end; t += STRETCH) {
            float sum = 0.0f;
            int i;
            for (i = t; i < t + STRETCH && i < end; i++) {
                const float value = (rest(c, i) * unit - mean) * factor;
                sum += value * value;
            }
            energy += sum;
        }
        energies[part] = energy / (float)(end - start);
        average += energies[part] / (float)RHYTHM_PARTS;
        start = end;
    }
    for (part = 0; part < RHYTHM_PARTS; part++) {
        energies[part] = is_live ? energies[part] / average - 1.0f : (float)NAN;
        variance += energies[part] * energies[part];
    }
    for (lag = 1; lag <= RHYTHM_LAGS; lag++) {
        float sum = is_live ? 0.0f : (float)NAN;
        for (part = lag; part < RHYTHM_PARTS; part++) {
            sum += energies[part] * energies[part - lag];
        }
        rhythm[c][lag - 1] = sum / variance;
    }
}
