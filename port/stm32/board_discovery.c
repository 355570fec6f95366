/* STM32F4DISCOVERY (UM1472): USART2 on PA2 and PA3, user button on PA0, pressed is high. */
#include "stm32.h"

const struct sfu_board sfu_board = {
	.usart = 0, .stream = 5, .channel = 4,
	.port = 0, .tx = 2, .rx = 3, .alternate = 7,
	.button_port = 0, .button = 0, .button_pressed = 1,
};
