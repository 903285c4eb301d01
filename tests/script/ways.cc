// See ways.h.
#include "tests/script/ways.h"

#include <algorithm>
#include <string>

namespace glasstcp::test {

std::vector<Personality> ways_of(const Script& script) {
  std::vector<Personality> ways = {Personality::Rfc};
  const PersonalityRow* const row = personality_row(script.setting("row"));
  if (row == nullptr) return ways;
  for (const Personality other : {Personality::Linux, Personality::Bsd}) {
    if (does_otherwise(*row, other)) ways.push_back(other);
  }
  return ways;
}

Script told_by(const Script& script, Telling telling) {
  const std::string row = script.setting("row");
  if (row.empty()) return script;
  const std::string version = telling.version == IpVersion::V4 ? "/v4" : "/v6";
  Script told = script;
  std::erase_if(told.events, [&](const ScriptEvent& event) {
    const std::string as = event.note("as");
    const std::string way(name_of(telling.lines));
    return !as.empty() && as != way && as != way + version;
  });
  told.settings.emplace_back("personality." + row, name_of(telling.stack));
  return told;
}

}  // namespace glasstcp::test
