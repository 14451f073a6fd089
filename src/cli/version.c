// version.c -- what this program is made of.

#include "cli/cli.h"
#include "credence_commit.h"
#include "credence_version.h"
#include "kernel/kernel.h"
#include <jansson.h>
#include <png.h>
#include <zlib.h>

void cli_print_version(FILE *file) {
  fprintf(file, "credence %s\n", CRED_VERSION);
  fprintf(file, "commit: %s\n", CRED_COMMIT[0] ? CRED_COMMIT : "unknown");
  fprintf(file, "build: %s, %s\n", CRED_BUILD_TYPE, CRED_COMPILER);
  fprintf(file, "instruction set: %s\n", cred__kernel_isa());
  fprintf(file, "libraries: zlib %s, libpng %s, jansson %s\n", zlibVersion(),
          png_get_libpng_ver(NULL), jansson_version_str());
}
