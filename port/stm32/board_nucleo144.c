/* NUCLEO-F429ZI and -F439ZI (UM1974): the ST-LINK's serial line is USART3 on PD8 and PD9, the user
 * button is PC13, pressed is high. The first MiB of their flash is that of an F407. */
#include "stm32.h"

const struct sfu_board sfu_board = {
	.usart = 1, .stream = 1, .channel = 4,
	.port = 3, .tx = 8, .rx = 9, .alternate = 7,
	.button_port = 2, .button = 13, .button_pressed = 1,
};
