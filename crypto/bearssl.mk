# BearSSL, as far as the core uses it. Its source is unpacked by build-aux/deps.sh into
# $(BEARSSL), compiled unchanged, and kept out of the repository.
#
#   $(eval $(call bearssl-library,OUTDIR,CC,AR,FLAGS))
#
# makes a rule for OUTDIR/libbearssl.a. A file that includes <bearssl.h> is compiled with
# $(BEARSSL_INCLUDE) and needs $(DEPS) before it; a program links the library last.

BEARSSL := build/deps/bearssl
BEARSSL_INCLUDE := -isystem $(BEARSSL)/inc -isystem $(BEARSSL)/src

# What each entry point needs, and nothing else: `make bearssl-size` fails if a file is missing,
# and says how large the result is.
BEARSSL_HASH := hash/sha2small
BEARSSL_CIPHER := symcipher/chacha20_ct symcipher/poly1305_ctmul
BEARSSL_ECDSA := ec/ecdsa_i31_vrfy_raw ec/ecdsa_i31_bits ec/ecdsa_i15_vrfy_raw ec/ecdsa_i15_bits \
	ec/ec_secp256r1 ec/ec_secp384r1 ec/ec_secp521r1
BEARSSL_I31 := int/i31_add int/i31_bitlen int/i31_decmod int/i31_decode int/i31_encode \
	int/i31_fmont int/i31_iszero int/i31_modpow int/i31_montmul int/i31_muladd \
	int/i31_ninv31 int/i31_rshift int/i31_sub int/i31_tmont int/i32_div32
BEARSSL_I15 := int/i15_add int/i15_bitlen int/i15_decmod int/i15_decode int/i15_encode \
	int/i15_fmont int/i15_iszero int/i15_modpow int/i15_montmul int/i15_muladd \
	int/i15_ninv15 int/i15_rshift int/i15_sub int/i15_tmont
# Two implementations of P-256, of which a build links one: crypto/curve_m31.c, which includes
# BearSSL's ec_p256_m31.c, or crypto/curve_prime.c, which needs this and the numbers in words of 31 bits.
BEARSSL_P256 := ec/ec_prime_i31
BEARSSL_CODEC := codec/ccopy codec/enc32be codec/dec32be

BEARSSL_FILES := $(BEARSSL_HASH) $(BEARSSL_CIPHER) $(BEARSSL_ECDSA) $(BEARSSL_I31) $(BEARSSL_I15) \
	$(BEARSSL_P256) $(BEARSSL_CODEC)

# Without these two the PC would read integers through unaligned pointers, which is undefined, and
# run other text than the target. On Cortex-M3, whose long multiplication takes a time that
# depends on its operands, the caller adds -DBR_CT_MUL31=1.
BEARSSL_FLAGS := -w -std=c99 -DBR_LE_UNALIGNED=0 -DBR_BE_UNALIGNED=0 \
	-I$(BEARSSL)/inc -I$(BEARSSL)/src

BEARSSL_MK := $(lastword $(MAKEFILE_LIST))

define bearssl-library
$(1)/libbearssl.a: $$(BEARSSL_FILES:%=$(1)/bearssl/%.o)
	@rm -f $$@
	$$(Q)$(3) rcs $$@ $$^

$(1)/bearssl/%.o: $$(DEPS) $$(BEARSSL_MK)
	@mkdir -p $$(@D)
	$$(Q)$(2) $(4) $$(BEARSSL_FLAGS) -c $$(BEARSSL)/src/$$*.c -o $$@
endef

BEARSSL_TARGET_FLAGS := -Os -ffunction-sections -fdata-sections -flto
BEARSSL_M4 := -mcpu=cortex-m4 -mthumb -mfloat-abi=soft

$(eval $(call bearssl-library,build/host,gcc,ar,-O2 -g))
$(eval $(call bearssl-library,build/host-asan,clang,ar,-O1 -g -fno-omit-frame-pointer \
	-fsanitize=address$(comma)undefined -fno-sanitize-recover=all))
$(eval $(call bearssl-library,build/cortex-m4,arm-none-eabi-gcc,arm-none-eabi-gcc-ar,$(BEARSSL_M4) \
	$(BEARSSL_TARGET_FLAGS)))

build/bearssl-size/%.elf: build-aux/bearssl_size.c crypto/curve_%.c crypto/curves.c crypto/curve.h \
		build/cortex-m4/libbearssl.a
	@mkdir -p $(@D)
	$(Q)arm-none-eabi-gcc $(BEARSSL_M4) $(BEARSSL_TARGET_FLAGS) -Icrypto $(BEARSSL_INCLUDE) \
		-nostartfiles --specs=nano.specs -Wl,--gc-sections -Wl,-e,every_call \
		$(filter %.c %.a,$^) -o $@

.PHONY: bearssl-size
bearssl-size: build/bearssl-size/m31.elf build/bearssl-size/prime.elf ## size of BearSSL's part of a loader on Cortex-M4
	$(Q)arm-none-eabi-size $^
