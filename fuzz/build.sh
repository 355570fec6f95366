#!/bin/bash -eu
# Builds every target for OSS-Fuzz and ClusterFuzzLite: $CC, $CXX, $CFLAGS, $LIB_FUZZING_ENGINE and $OUT are theirs.
# Needs nothing from the network: BearSSL's source is in build/deps (make deps), Ragel's C is committed.
cd "$(dirname "$0")/.."
touch build/deps/stamp
make=(make -s FUZZ_CLANG="$CC" FUZZ_LINKER="$CXX" FUZZ_ENGINE="$LIB_FUZZING_ENGINE" FUZZ_FOREIGN="$CFLAGS")
targets=$("${make[@]}" fuzz-list)
"${make[@]}" fuzz-foreign
python3 fuzz/dictionary.py "$OUT"
for target in $targets; do
	cp "build/fuzz-foreign/$target" "$OUT/$target"
	if [ -d "fuzz/corpus/$target" ]; then
		python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" "fuzz/corpus/$target"
	fi
	printf '[libfuzzer]\nmax_len = %s\ntimeout = 10\n' "$(python3 fuzz/run.py max-len "$target")" >"$OUT/$target.options"
done
