/* The program's commands; each is defined in a cmd_NAME.c. A name may be several words. */
#ifndef SFU_TOOL_COMMANDS_H
#define SFU_TOOL_COMMANDS_H

#include "args.h"

#define SFU_TOOL_VERSION "0.1.0"

extern const struct sfu_command sfu_cmd_keygen;
extern const struct sfu_command sfu_cmd_certify;
extern const struct sfu_command sfu_cmd_factory;
extern const struct sfu_command sfu_cmd_pack;
extern const struct sfu_command sfu_cmd_inspect;
extern const struct sfu_command sfu_cmd_verify;
extern const struct sfu_command sfu_cmd_info;
extern const struct sfu_command sfu_cmd_download;
extern const struct sfu_command sfu_cmd_reboot;
extern const struct sfu_command sfu_cmd_explain;
extern const struct sfu_command sfu_cmd_personalize;
extern const struct sfu_command sfu_cmd_attach_signature;
extern const struct sfu_command sfu_cmd_hsm_init;
extern const struct sfu_command sfu_cmd_hsm_attest_key;
extern const struct sfu_command sfu_cmd_hsm_oem_key;
extern const struct sfu_command sfu_cmd_hsm_order;
extern const struct sfu_command sfu_cmd_hsm_stock_add;
extern const struct sfu_command sfu_cmd_hsm_status;
extern const struct sfu_command sfu_cmd_hsm_serve;
extern const struct sfu_command sfu_cmd_hsm_ledger_verify;
extern const struct sfu_command sfu_cmd_hsm_ledger_export;
extern const struct sfu_command sfu_cmd_hsm_ledger_reconcile;

#endif
