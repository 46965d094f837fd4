/* Features of a channel in time: kurtosis, crest factor, and how uneven its energy is over parts of the window. */
#define TIME_PARTS (SAMPLES < 16 ? SAMPLES : 16)
static float time_features[CHANNELS][3];

static void find_time_features(int c, float mean) {
    float energies[TIME_PARTS];
    const int is_live = mean_squares[c] > 0.0f;
    /* Deviations of 1, so that fourth powers stay in float's range. */
    const float factor = is_live ? 1.0f / sqrtf(mean_squares[c]) : 0.0f;
    float fourths = 0.0f;
    float largest = 0.0f;
    float average = 0.0f;
    float spread = 0.0f;
    int start = 0;
    int part;
    for (part = 0; part < TIME_PARTS; part++) {
        const int end = (int)((int64_t)(part + 1) * SAMPLES / TIME_PARTS);
        float energy = 0.0f;
        int t;
        for (t = start; t < end; t += STRETCH) {
            float sum = 0.0f;
            float sum_of_fourths = 0.0f;
            int i;
            for (i = t; i < t + STRETCH && i < end; i++) {
                const float value = (rest(c, i) * unit - mean) * factor;
                const float square = value * value;
                largest = fmaxf(largest, fabsf(value));
                sum += square;
                sum_of_fourths += square * square;
            }
            energy += sum;
            fourths += sum_of_fourths;
        }
        energies[part] = energy / (float)(end - start);
        average += energies[part] / (float)TIME_PARTS;
        start = end;
    }
    for (part = 0; part < TIME_PARTS; part++) {
        const float difference = energies[part] - average;
        spread += difference * difference / (float)TIME_PARTS;
    }
    time_features[c][0] = is_live ? logf(fourths / (float)SAMPLES) : (float)NAN;
    time_features[c][1] = is_live ? logf(largest) : (float)NAN;
    time_features[c][2] = is_live ? sqrtf(spread) / average : (float)NAN;
}
