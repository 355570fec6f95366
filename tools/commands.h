/* The program's commands; each is defined in cmd_NAME.c. */
#ifndef SFU_TOOL_COMMANDS_H
#define SFU_TOOL_COMMANDS_H

#include "args.h"

#define SFU_TOOL_VERSION "0.1.0"

extern const struct sfu_command sfu_cmd_keygen;
extern const struct sfu_command sfu_cmd_factory;
extern const struct sfu_command sfu_cmd_pack;
extern const struct sfu_command sfu_cmd_inspect;
extern const struct sfu_command sfu_cmd_verify;
extern const struct sfu_command sfu_cmd_info;
extern const struct sfu_command sfu_cmd_download;
extern const struct sfu_command sfu_cmd_reboot;
extern const struct sfu_command sfu_cmd_explain;

#endif
