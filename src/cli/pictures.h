// pictures.h -- sets of pictures as the data of a command.

#ifndef CRED_SRC_CLI_PICTURES_H
#define CRED_SRC_CLI_PICTURES_H

#include "cli/cli.h"
#include "credence/data/images.h"

#define CLI_OPTION_IGNORE_CLASS                                                          \
  {                                                                                      \
    .name = "ignore-class", .type = CLI_LIST, .argument = "NAMES",                       \
    .help = "classes, or numbers of label maps, that count nothing", .group = "Pictures" \
  }

// Rows for the table of a command that takes pictures.
#define CLI_OPTIONS_PICTURES                                                             \
  {.name = "classes",                                                                    \
   .type = CLI_LIST,                                                                     \
   .argument = "NAMES",                                                                  \
   .help = "classes in the order of their numbers (default: those that are found)",      \
   .group = "Pictures"},                                                                 \
      {.name = "classes-file",                                                           \
       .type = CLI_FILE_IN,                                                              \
       .argument = "FILE",                                                               \
       .help = "the same, a name a line",                                                \
       .group = "Pictures"},                                                             \
      CLI_OPTION_IGNORE_CLASS, {                                                         \
    .name = "resize", .type = CLI_TEXT, .argument = "WIDTHxHEIGHT",                      \
    .help = "make all pictures this large", .group = "Pictures"                          \
  }

// Whether the data of a command are pictures: a folder, a picture, a list of them.
bool cli_is_pictures(const char *path);
// Fails where they are, for a command or a model that takes tables and arrays alone.
cred_status cli_refuse_pictures(const char *path);

enum { CLI_ALL_PICTURES = -3 };
// Opens them by those options, or by the schema of a model (not NULL: only
// --ignore-class, where the command has it, is looked at). wanted: labels are 1 needed, 0
// not looked for, -1 taken if they are there, CLI_TARGETS_KNOWN the same, and classes
// that the schema does not have are none, CLI_ALL_PICTURES not looked for, and pictures
// of any class are taken, also those of --ignore-class.
cred_status cli_open_pictures(cred_images **out, const cli_args *args, const char *path,
                              const cred_schema *schema, const char *labels, int wanted);
// Names and paths alone, for a model of a class a pixel; label maps where `labels`, or a
// list, gives them. Pictures may have any size.
cred_status cli_find_pictures(cred_images **out, const char *path,
                              const cred_schema *schema, const char *labels);

#endif
