/* When samples arrive one by one, each segment is transformed once, before its window is complete and floor and level are
 * known. So the powers of its bands are stored in a unit of their own, with the mean and the squared deviations of its
 * samples. Whole windows are computed in the same order, so they give the same bits. */

/* Mean of samples, and the sum of their squared deviations from it. */
typedef struct {
    double mean;
    double squares;
} spread;

#if FEATURES_ARE_INTEGERS
/* The upper bits of a float from 2^-44 to 2^20: six bits of the exponent and ten of the fraction. This takes half the memory
 * for an error of 0.05 %, far below a unit of the features, unless the floor is below 1e-8. In units near the largest sample,
 * powers are below 2^20. */
typedef uint16_t kept_power;
#define SMALLEST_POWER ((127u - 44u) << 23)

typedef union {
    float number;
    uint32_t bits;
} float_bits;

static kept_power keep_power(float power) {
    float_bits value;
    uint32_t kept;
    value.number = power;
    kept = value.bits < SMALLEST_POWER ? 0u : (value.bits - SMALLEST_POWER + 0x1000u) >> 13;
    return (kept_power)(kept > 0xFFFFu ? 0xFFFFu : kept);
}

static float power_of(kept_power kept) {
    float_bits value;
    value.bits = SMALLEST_POWER + ((uint32_t)kept << 13);
    return value.number;
}
#else
typedef float kept_power;
#define keep_power(power) (power)
#define power_of(kept) (kept)
#endif

/* Values of the last segments. */
static kept_power stream_powers[SEGMENTS * CHANNELS * FRAMES * BANDS];
static signed char stream_exponents[SEGMENTS * CHANNELS];
static spread stream_spreads[SEGMENTS * CHANNELS * 2]; /* For all samples, and for the last HOP. */
static int stream_oldest = -1; /* Position of the window's first segment; -1 if the window is `input`. */
static int window_exponent;    /* Mean squares are in units of 2^(2 * window_exponent). */

static int stream_place(int c, int segment) {
    return (stream_oldest + segment) % SEGMENTS * CHANNELS + c;
}

/* Finds the level of a segment; returns the binary exponent of its largest sample. */
static int prepare_segment(int c, int start) {
    float largest;
    int exponent = -120;
    (void)find_level(c, start, SEGMENT);
    PREPARE_CHANNEL(c)
    largest = largest_rest(c, start, SEGMENT);
    if (largest > 0.0f) {
        (void)frexpf(largest, &exponent);
    }
    return exponent > 120 ? 120 : exponent < -120 ? -120 : exponent;
}

static spread spread_of(int c, int start, int count, int exponent) {
    spread found;
    float mean;
    const float squares = squares_of(c, start, count, ldexpf(1.0f, -exponent), &mean);
    found.mean = channels[c].base + ldexp((double)mean, exponent);
    found.squares = ldexp((double)squares, 2 * exponent);
    return found;
}

/* The part of a segment that earlier segments do not contain: all samples, or the last HOP. */
static spread segment_spread(int c, int segment) {
    const int start = segment * HOP;
    int exponent;
    if (stream_oldest >= 0) {
        return stream_spreads[2 * stream_place(c, segment) + (segment > 0 ? 1 : 0)];
    }
    exponent = prepare_segment(c, start);
    return segment == 0 ? spread_of(c, start, SEGMENT, exponent) : spread_of(c, start + SEGMENT - HOP, HOP, exponent);
}

/* Combines the segments. T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample variance", The
 * American Statistician 37 (1983). */
static spread window_spread(int c) {
    spread window = segment_spread(c, 0);
    double count = (double)SEGMENT;
    int segment;
    for (segment = 1; segment < SEGMENTS; segment++) {
        const spread next = segment_spread(c, segment);
        const double difference = next.mean - window.mean;
        const double share = (double)HOP / (count + (double)HOP);
        window.mean += difference * share;
        window.squares += next.squares + difference * difference * count * share;
        count += (double)HOP;
    }
    return window;
}

static void start_bands(void) {
    double squares[CHANNELS];
    double sum = 0.0;
    int c;
    for (c = 0; c < CHANNELS; c++) {
        squares[c] = window_spread(c).squares / (double)SAMPLES;
        sum += squares[c];
    }
    sum /= (double)CHANNELS;
    window_exponent = 0;
    if (sum > 0.0) {
        (void)frexp(sum, &window_exponent);
        window_exponent /= 2;
    }
    for (c = 0; c < CHANNELS; c++) {
        mean_squares[c] = (float)ldexp(squares[c], -2 * window_exponent);
    }
    reference = (float)ldexp(sum, -2 * window_exponent);
    log_reference = sum > 0.0 ? logf(reference) + 2.0f * (float)window_exponent * 0.69314718f : 0.0f;
    log_sum = 0.0f;
    log_mean = 0.0f;
    level = (float)NAN;
}

/* Powers in the bands of a frame, in units of 2^(2 * exponent). */
static void frame_powers(int c, int start, int exponent, kept_power *powers) {
    int band;
    transform_frame(c, start, ldexpf(1.0f, -exponent));
    for (band = 0; band < BANDS; band++) {
        powers[band] = keep_power(band_sum(band) * WINDOW_SCALE / (float)(edges[band + 1] - edges[band]));
    }
}

/* Logarithms of the ratio of band power to the reference; zero in dead channels. */
static void transform_row(int c, int first, float *row) {
    static kept_power frame_buffer[BANDS];
    const float floor_power = POWER_FLOOR * mean_squares[c] / reference;
    const int place = stream_oldest < 0 ? 0 : stream_place(c, first / HOP);
    const int is_live = mean_squares[c] > 0.0f;
    int exponent = stream_exponents[place];
    float power_scale;
    int frame;
    if (is_live && stream_oldest < 0) {
        exponent = prepare_segment(c, first);
    }
    power_scale = ldexpf(1.0f / reference, 2 * (exponent - window_exponent));
    for (frame = 0; frame < FRAMES; frame++) {
        const kept_power *powers = &stream_powers[(place * FRAMES + frame) * BANDS];
        float *own = &row[frame * FRAME_FEATURES];
        float sum = 0.0f;
        int i;
        for (i = 0; i < FRAME_FEATURES; i++) {
            own[i] = 0.0f;
        }
        if (!is_live) {
            continue;
        }
        if (stream_oldest < 0) {
            frame_powers(c, first + frame * FRAME_HOP, exponent, frame_buffer);
            powers = frame_buffer;
        }
        for (i = 0; i < BANDS; i++) {
            own[i] = logf(power_of(powers[i]) * power_scale + floor_power);
            sum += own[i];
        }
        log_sum += sum;
    }
}

/* Stores what windows need from the segment in `input`. */
static void keep_segment(int c, int place) {
    const int at = place * CHANNELS + c;
    const int exponent = prepare_segment(c, 0);
    int frame;
    stream_exponents[at] = (signed char)exponent;
    stream_spreads[2 * at] = spread_of(c, 0, SEGMENT, exponent);
    stream_spreads[2 * at + 1] = spread_of(c, SEGMENT - HOP, HOP, exponent);
    for (frame = 0; frame < FRAMES; frame++) {
        frame_powers(c, frame * FRAME_HOP, exponent, &stream_powers[(at * FRAMES + frame) * BANDS]);
    }
}
