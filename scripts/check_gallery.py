#!/usr/bin/env python3
"""Opens a gallery in a real browser, headless, and checks what it draws, sorts and filters.

    trainer evaluate latest --gallery gallery.html
    python3 scripts/check_gallery.py gallery.html [--browser chromium]

Needs numpy. Images are read back from the canvases and compared with the window itself: the waveform must peak at the
extreme sample, the strongest frequency (NumPy's FFT) must be the brightest row of the spectrogram, and the largest
input x gradient must have the colour of its sign. Exit code 1 if something differs, 77 without a browser.
"""

import argparse
import base64
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

# Runs in the page after the page's own script, and leaves its results in the page as text.
PROBE = """
<script>
"use strict";
const report = { cards: [], views: [] };
const pixels = canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
function probe(article, item) {
  const canvases = [...article.querySelectorAll("canvas")], found = { canvases: canvases.length };
  const wave = canvases[0], w = pixels(wave), height = wave.height / item.channels;
  // The drawn rows of every column of the first channel.
  found.top = []; found.bottom = [];
  for (let x = 0; x < wave.width; x++) {
    let top = -1, bottom = -1;
    for (let y = 0; y < height; y++) if (w[4 * (y * wave.width + x) + 3] > 60) { if (top < 0) top = y; bottom = y; }
    found.top.push(top); found.bottom.push(bottom);
  }
  const rest = canvases.slice(1), relevance = rest.find(own => own.className === "relevance");
  const spectra = rest.find(own => own !== relevance);
  if (spectra) {
    const s = pixels(spectra), colours = new Set();
    found.rows = [];
    for (let y = 0; y < spectra.height / item.channels; y++) {
      let sum = 0;
      for (let x = 0; x < spectra.width; x++) {
        const at = 4 * (y * spectra.width + x);
        sum += s[at] + s[at + 1];
        colours.add(s[at] << 16 | s[at + 1] << 8 | s[at + 2]);
      }
      found.rows.push(sum / spectra.width);
    }
    found.colours = colours.size;
  }
  if (relevance) {
    const r = pixels(relevance);
    let strongest = 0, at = 0;
    for (let i = 3; i < r.length; i += 4) if (r[i] > strongest) { strongest = r[i]; at = i - 3; }
    found.relevance = { alpha: strongest, red: r[at], blue: r[at + 2], x: at / 4 % relevance.width,
      y: Math.floor(at / 4 / relevance.width), width: relevance.width, height: relevance.height };
  }
  return found;
}
const articles = () => [...document.querySelectorAll("#cards article")];
data.items.forEach((item, i) => report.cards.push(probe(articles()[i], item)));
function view(changes) {
  for (const [id, value] of Object.entries(changes)) {
    document.getElementById(id).value = value;
    document.getElementById(id).dispatchEvent(new Event("input", { bubbles: true }));
  }
  const shown = articles().map(own => ({ head: own.querySelector("header span:last-child").textContent,
    title: own.querySelector("header span").textContent, from: own.querySelector(".from").textContent }));
  report.views.push({ changes, shown, said: document.getElementById("shown").textContent });
  for (const id of Object.keys(changes)) document.getElementById(id).value = id === "order" ? "given" : "";
  document.getElementById("form").dispatchEvent(new Event("input"));
}
for (const own of ["given", "down", "up", "file"]) view({ order: own });
for (const id of ["kind", "true", "predicted"]) for (const own of document.getElementById(id).options) view({ [id]: own.value });
view({ text: data.items[0].file.slice(-8).toUpperCase() });
view({ text: "no such file" });
view({ kind: data.items[0].kind, order: "up" });
const left = document.createElement("pre");
left.id = "report";
left.textContent = JSON.stringify(report);
document.body.append(left);
</script>
"""
MOST = 24
problems = []


def check(condition, message):
    if not condition:
        problems.append(message)


def browse(browser, page):
    """The report that the probe leaves in the page."""
    with tempfile.TemporaryDirectory() as folder:
        probed = pathlib.Path(folder) / "gallery.html"
        probed.write_text(page.replace("</html>", PROBE + "</html>"), encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu",
                   f"--user-data-dir={folder}/profile", "--dump-dom", probed.as_uri()]
        dom = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
    found = re.search(r'<pre id="report">(.*?)</pre>', dom, re.DOTALL)
    if not found:
        sys.exit(f"the page's script did not end: {dom[-2000:]}")
    return json.loads(html.unescape(found.group(1)))


def check_waveform(name, item, x, card):
    drawn = np.array(card["top"]) >= 0
    check(drawn.mean() > 0.95, f"{name}: the waveform has pixels in {drawn.mean():.0%} of the columns")
    centred = x - x.mean()
    width = len(drawn)
    tops = np.where(drawn, card["top"], 1e9)
    bottoms = np.where(drawn, card["bottom"], -1)
    # The larger extreme; of several equal ones, any.
    up = centred.max() >= -centred.min()
    column = int(tops.argmin() if up else bottoms.argmax())
    here = [i for i in range(len(x)) if abs(i * width / len(x) - column) <= 2]
    extreme = np.abs(centred).max()
    check(np.abs(centred[here]).max() > 0.95 * extreme, f"{name}: the waveform's peak is not where the window's is")


def check_spectrogram(name, item, x, card):
    rows = np.array(card["rows"])
    check(card["colours"] > 20, f"{name}: the spectrogram has {card['colours']} colours")
    n = 128 if item["samples"] >= 512 else 32
    hop = max(1, n // 8)
    frames = np.array([x[i:i + n] for i in range(0, len(x) - n + 1, hop)])
    frames = (frames - frames.mean(axis=1, keepdims=True)) * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n))
    power = np.abs(np.fft.rfft(frames, axis=1)[:, 1:n // 2 + 1]) ** 2
    # Brightness is logarithmic over five decades.
    level = np.clip(1 + np.log10((power + 1e-9) / power.max()) / 5, 0, None).mean(axis=0)
    at = ((n // 2 - 1 - np.arange(n // 2) + 0.5) * len(rows) / (n // 2)).astype(int)
    agreement = np.corrcoef(rows[at], level)[0, 1]
    check(agreement > 0.95, f"{name}: the spectrogram's rows agree with the spectrum by {agreement:.2f} only")
    off = abs(int(rows[at].argmax()) - int(level.argmax()))
    check(off <= 1 or level[rows[at].argmax()] > 0.98 * level.max(), f"{name}: the brightest row is {off} rows off")


def check_relevance(name, item, card):
    own, picture = item["relevance"], card.get("relevance")
    if picture is None:
        problems.append(f"{name}: input x gradient is not drawn")
        return
    values = np.frombuffer(base64.b64decode(own["x"]), np.int8).astype(int)
    values = values.reshape(item["channels"], len(own["columns"]), own["rows"])
    check(picture["alpha"] > 240, f"{name}: the strongest input x gradient has alpha {picture['alpha']}")
    channel = int(picture["y"] / picture["height"] * item["channels"])
    inside = 1 - (picture["y"] + 0.5) / picture["height"] * item["channels"] + channel
    row = min(own["rows"] - 1, int(inside * own["rows"]))
    at = (picture["x"] + 0.5) / picture["width"]
    column = int(np.abs(np.array(own["columns"]) - at).argmin())
    value = values[channel, max(0, column - 1):column + 2, max(0, row - 1):row + 2]
    strongest = value.flat[np.abs(value).argmax()]
    check(abs(strongest) > 110, f"{name}: the strongest colour is not at the largest value")
    check((picture["red"] > picture["blue"]) == (strongest > 0), f"{name}: the colour is not that of the sign")


def check_view(data, view):
    """Cards that a filter and an order must show, computed from the page's data."""
    name = lambda i: "not known" if i is None else data["classes"][i]
    confidence = lambda item: item["p"][item["class"]]
    changes, kept = view["changes"], list(data["items"])
    for key, of in [("kind", lambda item: item["kind"]), ("true", lambda item: name(item["label"])),
                    ("predicted", lambda item: name(item["class"]))]:
        if changes.get(key):
            kept = [item for item in kept if of(item) == changes[key]]
    if changes.get("text"):
        text = lambda item: f"{item['file']} {item.get('group') or ''} {item.get('time') or ''}".lower()
        kept = [item for item in kept if changes["text"].lower() in text(item)]
    order = changes.get("order")
    if order in ("down", "up"):
        kept.sort(key=confidence, reverse=order == "down")
    if order == "file":
        kept.sort(key=lambda item: (item["file"], item["record"]))
    heads = [float(card["head"]) for card in view["shown"]]
    expected = [confidence(item) for item in kept]
    right = len(heads) == len(expected) and np.allclose(heads, expected, atol=6e-4)
    right &= all(f"{item['file']}, record {item['record']}" in card["from"] for item, card in zip(kept, view["shown"])
                 if order == "file")
    check(right, f"{changes}: {len(heads)} cards, expected {len(expected)}, or in another order")
    check(view["said"] == f"{len(kept)} shown", f"{changes}: the page says {view['said']!r}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gallery")
    parser.add_argument("--browser")
    options = parser.parse_args()
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = options.browser or next(filter(None, map(shutil.which, names)), None)
    if not browser:
        print("skipped: no Chromium here")
        sys.exit(77)
    page = pathlib.Path(options.gallery).read_text(encoding="utf-8")
    block = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    data = json.loads(block.group(1))
    # Every filter and order redraws the cards, so a few of every kind suffice.
    data["items"] = data["items"][:: max(1, len(data["items"]) // MOST)]
    page = page[:block.start(1)] + json.dumps(data).replace("<", "\\u003c") + page[block.end(1):]
    report = browse(browser, page)
    for i, (item, card) in enumerate(zip(data["items"], report["cards"])):
        name = f"card {i}"
        expected = 1 + bool(item["windowed"]) + bool(item.get("relevance"))
        check(card["canvases"] == expected, f"{name}: {card['canvases']} pictures of {expected}")
        x = np.frombuffer(base64.b64decode(item["x"]), np.int16).astype(float)[:item["samples"]]
        check_waveform(name, item, x, card)
        if item["windowed"]:
            check_spectrogram(name, item, x, card)
        if item.get("relevance"):
            check_relevance(name, item, card)
    for view in report["views"]:
        check_view(data, view)
    drawn = [sum(key in card for card in report["cards"]) for key in ("top", "rows", "relevance")]
    for problem in problems:
        print(f"PROBLEM: {problem}")
    print(f"{drawn[0]} waveforms, {drawn[1]} spectrograms, {drawn[2]} input x gradients; {len(report['views'])} views; "
          f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
