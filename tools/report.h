/* Manifests for people and for programs. */
#ifndef SFU_TOOL_REPORT_H
#define SFU_TOOL_REPORT_H

#include "package.h"

void sfu_report_manifest(const struct sfu_manifest *manifest);
void sfu_report_manifest_json(const struct sfu_manifest *manifest);

#endif
