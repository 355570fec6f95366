#ifndef BOARD_COMMAND_H
#define BOARD_COMMAND_H

/* The subcommands. Each gets its own arguments, argv[0] being its name, and returns the exit code. */
int board_command_program(int argc, char **argv);
int board_command_run(int argc, char **argv);
int board_command_read(int argc, char **argv);
int board_command_diff(int argc, char **argv);
int board_command_info(int argc, char **argv);

/* The value of the option at argv[*i], which it steps over; fails if there is none. */
char *board_option_value(int argc, char **argv, int *i);

#endif
