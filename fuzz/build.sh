#!/bin/bash -eu
# Builds every target for OSS-Fuzz and ClusterFuzzLite: $CC, $CXX, $CFLAGS, $LIB_FUZZING_ENGINE, $SANITIZER and $OUT are
# theirs. With SANITIZER=memory those targets that call no library that is not built with it.
# What they run in does not have this image's libraries: those are in $OUT/lib.
# Needs nothing from the network: BearSSL's source is in build/deps (make deps), Ragel's C is committed.
cd "$(dirname "$0")/.."
touch build/deps/stamp
make=(make -s FUZZ_CLANG="$CC" FUZZ_LINKER="$CXX" FUZZ_FOREIGN="$CFLAGS"
	FUZZ_ENGINE="$LIB_FUZZING_ENGINE -Wl,--disable-new-dtags,-rpath,'\$\$ORIGIN/lib'"
	SANITIZER="${SANITIZER:-address}")
targets=$("${make[@]}" fuzz-list)
"${make[@]}" fuzz-foreign
python3 fuzz/dictionary.py build/fuzz-foreign/dict
mkdir -p "$OUT/lib"
for target in $targets; do
	# with the loader's cryptography: the same inputs
	own=${target%-real}
	cp "build/fuzz-foreign/$target" "$OUT/$target"
	ldd "build/fuzz-foreign/$target" | awk '$3 ~ "^/" && $1 !~ "^lib(c|m|dl|rt|pthread|resolv|gcc_s)[.]so" {print $3}' | xargs -r cp -L -t "$OUT/lib"
	cp "build/fuzz-foreign/dict/$own.dict" "$OUT/$target.dict"
	python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" "fuzz/corpus/$own"
	printf '[libfuzzer]\nmax_len = %s\ntimeout = 10\n' "$(python3 fuzz/run.py max-len "$target")" >"$OUT/$target.options"
done
