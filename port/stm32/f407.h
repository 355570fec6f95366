/* Registers of STM32F405/407/415/417, as far as the loader touches them.
 *
 * Sections are those of RM0090 (reference manual) and of the ARMv7-M architecture manual. The
 * structures are placed by f407.ld: no address is written in C. */
#ifndef SFU_F407_H
#define SFU_F407_H

#include <stdint.h>

/* RM0090 3.9: flash interface */
struct flash_regs {
	uint32_t ACR, KEYR, OPTKEYR, SR, CR, OPTCR;
};

#define FLASH_ACR_5WS       5u               /* 3.5.1: 150 to 168 MHz at 2.7 to 3.6 V */
#define FLASH_ACR_PRFTEN    (1u << 8)
#define FLASH_ACR_ICEN      (1u << 9)
#define FLASH_ACR_DCEN      (1u << 10)
#define FLASH_ACR_ICRST     (1u << 11)
#define FLASH_ACR_DCRST     (1u << 12)
#define FLASH_KEY1          0x45670123u      /* 3.6.1 */
#define FLASH_KEY2          0xCDEF89ABu
#define FLASH_SR_EOP        (1u << 0)
#define FLASH_SR_ERRORS     0xF2u            /* OPERR, WRPERR, PGAERR, PGPERR, PGSERR */
#define FLASH_SR_BSY        (1u << 16)
#define FLASH_CR_PG         (1u << 0)
#define FLASH_CR_SER        (1u << 1)
#define FLASH_CR_SNB_SHIFT  3
#define FLASH_CR_X32        (2u << 8)        /* 3.6.2: PSIZE, 32 bits at 2.7 to 3.6 V */
#define FLASH_CR_STRT       (1u << 16)
#define FLASH_CR_LOCK       (1u << 31)
#define FLASH_RDP_SHIFT     8                /* in OPTCR and in the first option word, 3.7 */
#define FLASH_RDP_0         0xAAu
#define FLASH_RDP_2         0xCCu
#define FLASH_NWRP_SHIFT    16               /* in OPTCR: 0 protects the sector */
#define FLASH_SPRMOD        (1u << 31)       /* F42x and F43x only */
#define FLASH_SECTORS       12u

/* RM0090 7.3: reset and clock control */
struct rcc_regs {
	uint32_t CR, PLLCFGR, CFGR, CIR;
	uint32_t AHB1RSTR, AHB2RSTR, AHB3RSTR, reserved0;
	uint32_t APB1RSTR, APB2RSTR, reserved1[2];
	uint32_t AHB1ENR, AHB2ENR, AHB3ENR, reserved2;
	uint32_t APB1ENR, APB2ENR, reserved3[2];
	uint32_t AHB1LPENR, AHB2LPENR, AHB3LPENR, reserved4;
	uint32_t APB1LPENR, APB2LPENR, reserved5[2];
	uint32_t BDCR, CSR;
};

#define RCC_CR_HSION        (1u << 0)
#define RCC_CR_HSIRDY       (1u << 1)
#define RCC_CR_HSEON        (1u << 16)
#define RCC_CR_HSERDY       (1u << 17)
#define RCC_CR_PLLON        (1u << 24)
#define RCC_CR_PLLRDY       (1u << 25)
#define RCC_CR_RESET        0x81u            /* HSI on, trimmed to the middle */
#define RCC_PLLCFGR_HSE     (1u << 22)
#define RCC_PLLCFGR_RESET   0x24003010u
#define RCC_CFGR_PLL        2u               /* SW */
#define RCC_CFGR_SWS        0xCu
#define RCC_CFGR_SWS_PLL    0x8u
#define RCC_CFGR_APB1_DIV4  (5u << 10)
#define RCC_CFGR_APB2_DIV2  (4u << 13)
#define RCC_AHB1_GPIO(port) (1u << (port))
#define RCC_AHB1_CCM        (1u << 20)       /* the reset value of AHB1ENR */
#define RCC_AHB1_DMA1       (1u << 21)
#define RCC_AHB2_RNG        (1u << 6)
#define RCC_APB1_USART(n)   (1u << (17u + (n)))
#define RCC_CSR_IWDGRSTF    (1u << 29)
#define RCC_CSR_SFTRSTF     (1u << 28)
#define RCC_CSR_WWDGRSTF    (1u << 30)

/* RM0090 8.4: ports A to I, 0x400 apart */
struct gpio_regs {
	uint32_t MODER, OTYPER, OSPEEDR, PUPDR, IDR, ODR, BSRR, LCKR, AFR[2];
	uint32_t reserved[246];
};

#define GPIO_ALTERNATE      2u
#define GPIO_PULL_UP        1u
#define GPIO_PULL_DOWN      2u

/* RM0090 10.5: DMA controller */
struct dma_stream {
	uint32_t CR, NDTR, PAR, M0AR, M1AR, FCR;
};

struct dma_regs {
	uint32_t LISR, HISR, LIFCR, HIFCR;
	struct dma_stream stream[8];
};

#define DMA_CR_EN           (1u << 0)
#define DMA_CR_CIRC         (1u << 8)
#define DMA_CR_MINC         (1u << 10)
#define DMA_CR_HIGH         (2u << 16)
#define DMA_CR_CHSEL_SHIFT  25

/* RM0090 30.6: USART2, USART3, UART4, UART5, 0x400 apart */
struct usart_regs {
	uint32_t SR, DR, BRR, CR1, CR2, CR3, GTPR;
	uint32_t reserved[249];
};

#define USART_SR_TC         (1u << 6)
#define USART_SR_TXE        (1u << 7)
#define USART_CR1_RE        (1u << 2)
#define USART_CR1_TE        (1u << 3)
#define USART_CR1_UE        (1u << 13)
#define USART_CR3_DMAR      (1u << 6)

/* RM0090 24.4: random number generator */
struct rng_regs {
	uint32_t CR, SR, DR;
};

#define RNG_CR_RNGEN        (1u << 2)
#define RNG_SR_DRDY         (1u << 0)
#define RNG_SR_ERRORS       0x66u            /* CECS, SECS, CEIS, SEIS */

/* RM0090 21.4: independent watchdog */
struct iwdg_regs {
	uint32_t KR, PR, RLR, SR;
};

#define IWDG_KR_RELOAD      0xAAAAu
#define IWDG_KR_ACCESS      0x5555u
#define IWDG_KR_START       0xCCCCu
#define IWDG_PR_64          4u               /* 2 ms at 32 kHz */
#define IWDG_PR_256         6u               /* 8 ms at 32 kHz */
#define IWDG_SR_UPDATE      3u

/* ARMv7-M B3.3: SysTick */
struct systick_regs {
	uint32_t CTRL, LOAD, VAL, CALIB;
};

#define SYSTICK_CTRL_RUN    7u               /* processor clock, interrupt, on */

/* ARMv7-M B3.4: interrupt controller, 0xE000E100 on */
struct nvic_regs {
	uint32_t ISER[32], ICER[32], ISPR[32], ICPR[32];
};

#define NVIC_WORDS          3u               /* RM0090 12.1: 82 interrupts */

/* ARMv7-M B3.2: system control, 0xE000ED00 on */
struct scb_regs {
	uint32_t CPUID, ICSR, VTOR, AIRCR;
};

#define SCB_ICSR_PENDSTCLR  (1u << 25)
#define SCB_ICSR_PENDSVCLR  (1u << 27)
#define SCB_AIRCR_RESET     0x05FA0004u

/* ARMv7-M C1.8: cycle counter */
struct dwt_regs {
	uint32_t CTRL, CYCCNT;
};

#define DWT_CTRL_CYCCNTENA  (1u << 0)
#define DEMCR_TRCENA        (1u << 24)       /* ARMv7-M C1.6.5 */

extern volatile struct flash_regs FLASH_R;
extern volatile struct rcc_regs RCC_R;
extern volatile struct gpio_regs GPIO_R[9];
extern volatile struct dma_regs DMA1_R;
extern volatile struct usart_regs USART_R[4];
extern volatile struct rng_regs RNG_R;
extern volatile struct iwdg_regs IWDG_R;
extern volatile struct systick_regs SYSTICK_R;
extern volatile struct nvic_regs NVIC_R;
extern volatile struct scb_regs SCB_R;
extern volatile struct dwt_regs DWT_R;
extern volatile uint32_t DEMCR_R;
extern const volatile uint32_t DBGMCU_IDCODE_R; /* RM0090 38.6.1 */
extern const volatile uint32_t OPTION_R[4];     /* RM0090 3.7.1: option bytes as stored in flash */
extern const uint8_t UNIQUE_ID_R[12];           /* RM0090 39.1 */

_Static_assert(sizeof(struct gpio_regs) == 0x400, "ports are 0x400 apart");
_Static_assert(sizeof(struct usart_regs) == 0x400, "USARTs are 0x400 apart");
_Static_assert(sizeof(struct rcc_regs) == 0x78, "CSR is at 0x74");
_Static_assert(sizeof(struct nvic_regs) == 0x200, "the four arrays are 0x80 apart");

#endif
