#!/usr/bin/env bash
# Fuzzes one target with so many inputs: run.sh TARGET [RUNS]
set -euo pipefail
cd "$(dirname "$0")"
target="$1"
runs="${2:-1000000}"
seeds="corpus/$target"
mkdir -p "$seeds"
fixtures=../tests/fixtures
case "$target" in
recording) find "$fixtures/recordings" "$fixtures/miniseed" "$fixtures/wav" "$fixtures/sac" "$fixtures/segy" "$fixtures/seg2" "$fixtures/su" "$fixtures/gse1" "$fixtures/gse2" "$fixtures/css" "$fixtures/gcf" "$fixtures/reftek" "$fixtures/seisan" "$fixtures/evt" "$fixtures/y" "$fixtures/pdas" "$fixtures/rg16" "$fixtures/win" "$fixtures/ah" "$fixtures/suds" "$fixtures/handler" "$fixtures/to_hdf" "$fixtures/asdf" "$fixtures/knet" "$fixtures/texts" -type f ! -name '*.json' ! -name '*.hdf5' -size -20k -exec cp {} "$seeds" \; ;;
source) find "$fixtures/pt" "$fixtures/tfrecord" "$fixtures/numpy" ../../../datasets -type f -size -200k -exec cp {} "$seeds" \; ;;
parquet) find "$fixtures/recordings" -type f -name '*.parquet' -exec cp {} "$seeds" \; ;;
hdf5)
  cp "$fixtures/recordings/seisbench/waveforms.hdf5" "$seeds"
  for folder in "$fixtures"/seisbench/*/; do cp "$folder/waveforms.hdf5" "$seeds/$(basename "$folder").hdf5"; done
  ;;
config) find ../../../configs "$fixtures" -name '*.yaml' -exec cp {} "$seeds" \; ;;
esac
# `parquet` 60.1 passes over up to 2^31 elements of a damaged page header one by one: six seconds, several times that with ASan.
timeout=20
[ "$target" = parquet ] && timeout=240
export RUSTC_BOOTSTRAP=1
cargo fuzz run "$target" -- -runs="$runs" -rss_limit_mb=2048 -malloc_limit_mb=256 -max_len=65536 -timeout=$timeout -print_final_stats=1
