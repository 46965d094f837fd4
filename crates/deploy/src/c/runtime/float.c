/* ---- Network in float ---- */

typedef struct {
    int height, width, channels; /* Of the input. */
    int columns, outputs;        /* Width and channels of the output. */
    int rows, taps;              /* Height and width of the kernel. */
    int top, left, stride;       /* Padding above and left of the input; input columns per output column. */
    int relu;
    const float *kernel; /* Convolution [out][rows][taps][in], depthwise [rows][taps][channels]. */
    const float *bias;
} layer;

static float activate(const layer *l, float value) {
    return l->relu && value < 0.0f ? 0.0f : value;
}

#if USES_CONV
static void convolve(const layer *l, const float *x, float *y) {
    int row;
    int column;
    int o;
    for (row = 0; row < l->height; row++) {
        for (column = 0; column < l->columns; column++) {
            for (o = 0; o < l->outputs; o++) {
                float sum = l->bias[o];
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
                        const float *in;
                        const float *w;
                        if (in_column < 0 || in_column >= l->width) {
                            continue;
                        }
                        in = &x[(in_row * l->width + in_column) * l->channels];
                        w = &l->kernel[((o * l->rows + i) * l->taps + j) * l->channels];
                        for (k = 0; k < l->channels; k++) {
                            sum += in[k] * w[k];
                        }
                    }
                }
                *y++ = activate(l, sum);
            }
        }
    }
}
#endif

#if USES_DEPTHWISE
static void convolve_channels(const layer *l, const float *x, float *y) {
    int row;
    int column;
    int c;
    for (row = 0; row < l->height; row++) {
        for (column = 0; column < l->columns; column++) {
            for (c = 0; c < l->channels; c++) {
                float sum = l->bias[c];
                int i;
                int j;
                for (i = 0; i < l->rows; i++) {
                    for (j = 0; j < l->taps; j++) {
                        const int in_row = row + i - l->top;
                        const int in_column = column * l->stride + j - l->left;
                        if (in_row >= 0 && in_row < l->height && in_column >= 0 && in_column < l->width) {
                            sum += x[(in_row * l->width + in_column) * l->channels + c]
                                * l->kernel[(i * l->taps + j) * l->channels + c];
                        }
                    }
                }
                *y++ = activate(l, sum);
            }
        }
    }
}
#endif

#if USES_SCALE
static void scale(const layer *l, const float *x, float *y) {
    int i;
    int c;
    for (i = 0; i < l->height * l->width; i++) {
        for (c = 0; c < l->channels; c++) {
            *y++ = activate(l, *x++ * l->kernel[c] + l->bias[c]);
        }
    }
}
#endif

#if USES_MEAN
static void mean(const layer *l, const float *x, float *y) {
    const int positions = l->height * l->width;
    int i;
    int c;
    for (c = 0; c < l->channels; c++) {
        float sum = 0.0f;
        for (i = 0; i < positions; i++) {
            sum += x[i * l->channels + c];
        }
        y[c] = activate(l, sum / (float)positions * l->kernel[c] + l->bias[c]);
    }
}
#endif

#if USES_MAX_POOL
static void max_pool(const layer *l, const float *x, float *y) {
    int row;
    int column;
    int c;
    int j;
    for (row = 0; row < l->height; row++) {
        for (column = 0; column < l->columns; column++) {
            const float *in = &x[(row * l->width + column * l->stride) * l->channels];
            for (c = 0; c < l->channels; c++) {
                float largest = in[c];
                for (j = 1; j < l->stride; j++) {
                    largest = fmaxf(largest, in[j * l->channels + c]);
                }
                *y++ = largest;
            }
        }
    }
}
#endif

#if USES_ADD
static void add(const layer *l, const float *x, const float *z, float *y) {
    int i;
    for (i = 0; i < l->height * l->width * l->channels; i++) {
        y[i] = activate(l, x[i] + z[i]);
    }
}
#endif
