// The options of those who watch packets, the same for `serve` and `get`.
//
// Next: ../serve/serve.h.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "stack/trace/capture_sink.h"
#include "stack/trace/narrate.h"
#include "tun/cli/colours.h"
#include "tun/cli/option_words.h"

namespace glasstcp {

/// --verbose, --verbose=states and -vv.
inline CLI::Option* add_verbose_flag(CLI::App& app, std::optional<Detail>& into) {
  const auto read = [&into](const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      if (value == "states") {
        into = Detail::States;
      } else if (value == "true" || value == "1") {
        into = into == Detail::Folded || into == Detail::Every ? Detail::Every : Detail::Folded;
      } else if (value == "2") {
        into = Detail::Every;
      } else {
        throw CLI::ValidationError("--verbose", "'" + value + "' is not 'states'");
      }
    }
    return true;
  };
  return app
      .add_option(
          "--verbose,-v", CLI::callback_t(read),
          "print on stderr what happens and why; packets of one kind in a row are folded into "
          "one line; -vv: a line for each packet; --verbose=states: only handshakes, "
          "closes and changes of state")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(0);
}

inline std::optional<Comments> parse_comments(const std::string& text) {
  if (text == "both") return Comments::Both;
  if (text == "text") return Comments::Text;
  if (text == "fields") return Comments::Fields;
  if (text == "none") return Comments::None;
  return std::nullopt;
}

inline CLI::Option* add_comments_option(CLI::App& app, Comments& into) {
  return add_parsed(app,
                    {"--comments", "both|text|fields|none", "'both', 'text', 'fields' or 'none'",
                     "comments of each packet in the capture: sentences for people, fields for "
                     "programs (both)"},
                    into, parse_comments);
}

inline CLI::Option* add_colour_option(CLI::App& app, ColourChoice& into) {
  return add_parsed(app,
                    {"--color", "auto|always|never", "'auto', 'always' or 'never'",
                     "colours and marks of --verbose, by what a packet is about; auto: on a "
                     "terminal, unless NO_COLOR is set (auto)"},
                    into, parse_colour_choice);
}

inline CLI::Option* add_language_option(CLI::App& app, Language& into) {
  return add_parsed(app,
                    {"--lang", "en|zh", "'en' or 'zh'",
                     "language of messages (from LC_ALL, LC_MESSAGES or LANG)"},
                    into, parse_language);
}

}  // namespace glasstcp
