# Measurements: tests/bench/README.md. The emulated board with another line (tests/bench/line.c), all
# loaders, and small applications that bench.py pads to the sizes it needs.

BENCH := build/bench
BENCH_IMAGES := $(foreach v,1.0.0 1.1.0,$(FIRMWARE)/app-$(v)-small-a.bin $(FIRMWARE)/app-$(v)-small-b.bin \
	$(FIRMWARE)/payload-$(v).o)

$(BENCH)/line.o: tests/bench/line.c $(BOARD_HDR) | $(DEPS)
	@mkdir -p $(@D)
	$(Q)$(BOARD_CC) $(BOARD_CFLAGS) -I$(BOARD_DIR) -c $< -o $@

$(BENCH)/board: $(filter-out build/board.d/host.o,$(BOARD_OBJ)) $(BENCH)/line.o
	$(Q)$(BOARD_CC) $(BOARD_CFLAGS) $^ $$(pkg-config --libs unicorn) -o $@

BENCH_NEEDS := $(BENCH)/board build/sfu $(STM32_LOADERS) $(BENCH_IMAGES)

.PHONY: bench bench-spec bench-hsm bench-hsm-spec
bench: $(BENCH_NEEDS) ## sizes, instructions, flash wear and times, against their aims; then bench-hsm
	@python3 tests/bench/bench.py $(BENCH)
	@python3 tests/bench/hsm.py

bench-spec: $(BENCH_NEEDS) ## the same, and the table goes into spec/bench.md
	@python3 tests/bench/bench.py $(BENCH) spec/bench.md

bench-hsm: build/sfu ## 20,000 simulated devices personalized from 16 stations against `sfu hsm serve`: rate, memory
	@python3 tests/bench/hsm.py

bench-hsm-spec: build/sfu ## the same, and the table goes into spec/bench.md
	@python3 tests/bench/hsm.py --spec
