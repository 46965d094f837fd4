// Written by scripts/conformance/make_spectra.py with SciPy 1.17.1 and NumPy 2.4.6.
const NUMPY_FFT_12: [f64; 12] = [
    6.725000000e+01,
    2.920998345e+01,
    3.371479645e+01,
    9.953014619e+00,
    2.160873666e+01,
    9.703188486e+00,
    1.750000000e+00,
    9.703188486e+00,
    2.160873666e+01,
    9.953014619e+00,
    3.371479645e+01,
    2.920998345e+01,
];

fn scipy_cases() -> Vec<(WelchConfig, usize, Vec<f64>)> {
    vec![hann_density(), hamming_spectrum(), boxcar_density()]
}

fn hann_density() -> (WelchConfig, usize, Vec<f64>) {
    let config = WelchConfig {
        nperseg: 32,
        noverlap: 16,
        nfft: 64,
        window: WelchWindow::Hann,
        scaling: WelchScaling::Density,
        detrend: WelchDetrend::Constant,
    };
    let expected = vec![
        2.881698692e-03,
        3.246917807e-02,
        1.576965954e-01,
        3.613675993e-01,
        4.398111749e-01,
        3.102774872e-01,
        1.560214369e-01,
        9.782545265e-02,
        9.406760071e-02,
        1.284275153e-01,
        2.358911873e-01,
        3.338028553e-01,
        2.618211592e-01,
        1.058710576e-01,
        8.075059072e-02,
        1.375892242e-01,
        1.291941610e-01,
        9.079745089e-02,
        8.970190418e-02,
        8.020494701e-02,
        4.480800452e-02,
        7.890353683e-02,
        1.828580689e-01,
        1.989297428e-01,
        9.950941793e-02,
        2.774061386e-02,
        2.739941871e-02,
        2.932082115e-02,
        1.336788584e-02,
        2.295462718e-03,
        6.096285391e-05,
        2.124245880e-05,
        2.919522351e-06,
    ];
    (config, 96, expected)
}

fn hamming_spectrum() -> (WelchConfig, usize, Vec<f64>) {
    let config = WelchConfig {
        nperseg: 16,
        noverlap: 5,
        nfft: 17,
        window: WelchWindow::Hamming,
        scaling: WelchScaling::Spectrum,
        detrend: WelchDetrend::None,
    };
    let expected = vec![
        3.849637202e+01,
        2.931074970e+01,
        4.755005432e+00,
        9.508272672e+00,
        6.029348350e+00,
        3.728373503e+00,
        6.889785572e+00,
        2.619041894e+00,
        1.892140577e-01,
    ];
    (config, 50, expected)
}

fn boxcar_density() -> (WelchConfig, usize, Vec<f64>) {
    let config = WelchConfig {
        nperseg: 8,
        noverlap: 0,
        nfft: 8,
        window: WelchWindow::Boxcar,
        scaling: WelchScaling::Density,
        detrend: WelchDetrend::Constant,
    };
    let expected = vec![
        0.000000000e+00,
        1.899465629e-01,
        1.220947266e-01,
        8.446749960e-02,
        1.297607422e-02,
    ];
    (config, 40, expected)
}
