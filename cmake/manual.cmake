# manual.cmake -- man pages and completion, from the program's own table of options.
# cmake -DPROGRAM=credence -DFOLDER=where -P manual.cmake
file(REMOVE_RECURSE ${FOLDER}/man1)
file(MAKE_DIRECTORY ${FOLDER}/man1)

# page(<file> <argument of help>...)
function(page file)
  execute_process(COMMAND ${PROGRAM} help ${ARGN} OUTPUT_FILE ${FOLDER}/${file}
                  COMMAND_ERROR_IS_FATAL ANY)
endfunction()

execute_process(COMMAND ${PROGRAM} help --list OUTPUT_VARIABLE commands
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" commands "${commands}")
page(man1/credence.1 --man)
page(credence --completion bash)
foreach(command ${commands})
  page(man1/credence-${command}.1 --man ${command})
endforeach()
