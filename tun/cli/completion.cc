// See completion.h.
#include "tun/cli/completion.h"

namespace glasstcp {
namespace {

std::string options_of(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words += " --" + name;
  }
  return words;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string cases;
  std::string first;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    first += command->get_name() + " ";
    cases += "    " + command->get_name() + ") words='" + options_of(*command) + "' ;;\n";
  }
  return "_glasstcp() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} words\n"
         "  COMPREPLY=()\n"
         "  case ${COMP_WORDS[1]} in\n" +
         cases + "    *) words='" + first + options_of(app) +
         "' ;;\n"
         "  esac\n"
         "  if [[ $COMP_CWORD == 1 || $word == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "  fi\n"
         "}\n"
         "complete -o default -F _glasstcp glasstcp\n";
}

}  // namespace glasstcp
