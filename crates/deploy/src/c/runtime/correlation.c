/* Correlation of each channel with the next one, of samples and of the means of parts. */
static float correlation[CHANNELS][3];
static float channel_means[CHANNELS];

/* Mean of `count` samples, in units of the channel's deviation around its mean. */
static float mean_of_part(int c, int start, int count) {
    float sum = 0.0f;
    int i;
    for (i = start; i < start + count; i++) {
        sum += rest(c, i) * unit - channel_means[c];
    }
    return sum / (float)count / sqrtf(mean_squares[c]);
}

static float find_correlation(int c, int next, int parts) {
    float products = 0.0f;
    float own_squares = 0.0f;
    float other_squares = 0.0f;
    int start = 0;
    int part;
    for (part = 0; part < parts; part += STRETCH) {
        float sums[3] = {0.0f, 0.0f, 0.0f};
        int i;
        for (i = part; i < part + STRETCH && i < parts; i++) {
            const int end = (int)((int64_t)(i + 1) * SAMPLES / parts);
            const float own = mean_of_part(c, start, end - start);
            const float other = mean_of_part(next, start, end - start);
            sums[0] += own * other;
            sums[1] += own * own;
            sums[2] += other * other;
            start = end;
        }
        products += sums[0];
        own_squares += sums[1];
        other_squares += sums[2];
    }
    own_squares = own_squares / (float)parts + 1e-6f;
    other_squares = other_squares / (float)parts + 1e-6f;
    return products / (float)parts / sqrtf(own_squares * other_squares);
}

static void find_correlations(void) {
    static const int lengths[3] = {1, 4, 16};
    int c;
    int i;
    for (c = 0; c < CHANNELS; c++) {
        const int next = (c + 1) % CHANNELS;
        const int are_live = mean_squares[c] > 0.0f && mean_squares[next] > 0.0f;
        for (i = 0; i < 3; i++) {
            const int parts = SAMPLES < lengths[i] ? 1 : SAMPLES / lengths[i];
            correlation[c][i] = are_live ? find_correlation(c, next, parts) : (float)NAN;
        }
    }
}
