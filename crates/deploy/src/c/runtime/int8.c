/* ---- Network in 8 bits, in the arithmetic of TFLite's reference kernels ---- */

typedef struct {
    int height, width, channels; /* Of the input. */
    int columns, outputs;        /* Width and channels of the output. */
    int rows, taps;              /* Height and width of the kernel. */
    int top, left, stride;       /* Padding above and left of the input; input columns per output column. */
    int zero;                    /* Represents 0 in the input. */
    int output_zero;             /* Represents 0 in the output. */
    int least;                   /* Smallest output. */
    const int8_t *kernel; /* Convolution [out][rows][taps][in], depthwise [rows][taps][channels]. */
    const int32_t *bias;
    const int32_t *multipliers; /* Factors for the sums, in units of 2^-31. */
    const int8_t *shifts;       /* Exponents of two that belong to them, none above zero. */
} layer;

/* a * b / 2^31, rounded to nearest. */
static int32_t high_product(int32_t a, int32_t b) {
    const int64_t product = (int64_t)a * (int64_t)b;
    const int64_t nudge = product >= 0 ? (int64_t)1 << 30 : 1 - ((int64_t)1 << 30);
    return (int32_t)((product + nudge) / ((int64_t)1 << 31));
}

/* value * multiplier * 2^(shift - 31), rounded twice; shift is not above zero. */
static int32_t multiply(int32_t value, int32_t multiplier, int shift) {
    const int32_t product = high_product(value, multiplier);
    const int32_t mask = (int32_t)(((int64_t)1 << -shift) - 1);
    const int32_t rest = product & mask;
    const int32_t threshold = (mask >> 1) + (product < 0 ? 1 : 0);
    /* C leaves right shifts of negative numbers implementation-defined. */
    const int32_t shifted = product < 0 ? ~(~product >> -shift) : product >> -shift;
    return shifted + (rest > threshold ? 1 : 0);
}

static int8_t saturate(const layer *l, int32_t value) {
    value += l->output_zero;
    return (int8_t)(value < l->least ? l->least : value > 127 ? 127 : value);
}

#if USES_CONV
static void convolve(const layer *l, const int8_t *x, int8_t *y) {
    /* Local copies: the compiler must assume that writing an int8_t changes the layer. */
    const int zero = l->zero;
    const int channels = l->channels;
    int row;
    int column;
    int o;
    for (row = 0; row < l->height; row++) {
        for (column = 0; column < l->columns; column++) {
            for (o = 0; o < l->outputs; o++) {
                int32_t sum = l->bias[o];
                int i;
                int j;
                int k;
                for (i = 0; i < l->rows; i++) {
                    const int in_row = row + i - l->top;
                    if (in_row < 0 || in_row >= l->height) {
                        continue;
                    }
                    for (j = 0; j < l->taps; j++) {
                        const int in_column = column * l->stride + j - l->left;
                        const int8_t *in;
                        const int8_t *w;
                        if (in_column < 0 || in_column >= l->width) {
                            continue;
                        }
                        in = &x[(in_row * l->width + in_column) * channels];
                        w = &l->kernel[((o * l->rows + i) * l->taps + j) * channels];
                        for (k = 0; k < channels; k++) {
                            sum += (*in++ - zero) * *w++;
                        }
                    }
                }
                *y++ = saturate(l, multiply(sum, l->multipliers[o], l->shifts[o]));
            }
        }
    }
}
#endif

#if USES_DEPTHWISE
static void convolve_channels(const layer *l, const int8_t *x, int8_t *y) {
    int row;
    int column;
    int c;
    for (row = 0; row < l->height; row++) {
        for (column = 0; column < l->columns; column++) {
            for (c = 0; c < l->channels; c++) {
                int32_t sum = l->bias[c];
                int i;
                int j;
                for (i = 0; i < l->rows; i++) {
                    for (j = 0; j < l->taps; j++) {
                        const int in_row = row + i - l->top;
                        const int in_column = column * l->stride + j - l->left;
                        if (in_row >= 0 && in_row < l->height && in_column >= 0 && in_column < l->width) {
                            sum += (x[(in_row * l->width + in_column) * l->channels + c] - l->zero)
                                * l->kernel[(i * l->taps + j) * l->channels + c];
                        }
                    }
                }
                *y++ = saturate(l, multiply(sum, l->multipliers[c], l->shifts[c]));
            }
        }
    }
}
#endif

#if USES_SCALE
static void scale(const layer *l, const int8_t *x, int8_t *y) {
    int i;
    int c;
    for (i = 0; i < l->height * l->width; i++) {
        for (c = 0; c < l->channels; c++) {
            const int32_t sum = l->bias[c] + (*x++ - l->zero) * l->kernel[c];
            *y++ = saturate(l, multiply(sum, l->multipliers[c], l->shifts[c]));
        }
    }
}
#endif

#if USES_MEAN
static void mean(const layer *l, const int8_t *x, int8_t *y) {
    const int positions = l->height * l->width;
    int i;
    int c;
    for (c = 0; c < l->channels; c++) {
        int32_t sum = l->bias[c];
        for (i = 0; i < positions; i++) {
            sum += (x[i * l->channels + c] - l->zero) * l->kernel[c];
        }
        y[c] = saturate(l, multiply(sum, l->multipliers[c], l->shifts[c]));
    }
}
#endif

#if USES_MAX_POOL
static void max_pool(const layer *l, const int8_t *x, int8_t *y) {
    int row;
    int column;
    int c;
    int j;
    for (row = 0; row < l->height; row++) {
        for (column = 0; column < l->columns; column++) {
            const int8_t *in = &x[(row * l->width + column * l->stride) * l->channels];
            for (c = 0; c < l->channels; c++) {
                int8_t largest = in[c];
                for (j = 1; j < l->stride; j++) {
                    const int8_t next = in[j * l->channels + c];
                    largest = next > largest ? next : largest;
                }
                *y++ = largest;
            }
        }
    }
}
#endif

#if USES_ADD
/* `multipliers` and `shifts` belong to `x`, `z` and their sum; `other_zero` represents 0 in `z`. */
static void add(const layer *l, const int8_t *x, const int8_t *z, int other_zero, int8_t *y) {
    int i;
    for (i = 0; i < l->height * l->width * l->channels; i++) {
        const int32_t a = (x[i] - l->zero) * (1 << 20);
        const int32_t b = (z[i] - other_zero) * (1 << 20);
        const int32_t sum = multiply(a, l->multipliers[0], l->shifts[0]) + multiply(b, l->multipliers[1], l->shifts[1]);
        y[i] = saturate(l, multiply(sum, l->multipliers[2], l->shifts[2]));
    }
}
#endif
