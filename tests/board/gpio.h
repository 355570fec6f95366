#ifndef BOARD_GPIO_H
#define BOARD_GPIO_H

/* GPIO ports A to I (RM0090 8.4), and the board's one button: PA0, high when pressed. */
#include <stdint.h>

void board_gpio_reset(void);
void board_gpio_reset_port(unsigned port);
uint32_t board_gpio_read(unsigned port, uint32_t offset);
void board_gpio_write(unsigned port, uint32_t offset, uint32_t value, uint32_t mask);
void board_gpio_press(int pressed);
int board_gpio_pressed(void);

/* Is this pin set to alternate function `af`? */
int board_gpio_is_alternate(unsigned port, unsigned pin, unsigned af);

extern uint64_t board_gpio_changes; /* of output pins, in this run */

#endif
