// See words.h.
#include "stack/lab/words.h"

namespace glasstcp::lab {
namespace {

char escaped(char c) {
  switch (c) {
    case 'r':
      return '\r';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

Words::Words(std::string_view line) {
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == ' ') {
      ++i;
      continue;
    }
    if (line[i] == '#') return;
    std::string word;
    if (line[i] != '"') {
      while (i < line.size() && line[i] != ' ') word += line[i++];
    } else {
      word += line[i++];
      for (; i < line.size() && line[i] != '"'; ++i) {
        const bool is_escape = line[i] == '\\' && i + 1 < line.size();
        word += is_escape ? escaped(line[++i]) : line[i];
      }
      open_quote_ = i >= line.size();
      ++i;
    }
    words_.push_back(std::move(word));
  }
}

std::string Words::take_expression() {
  std::string all;
  while (!at_end()) all += take();
  return all;
}

std::optional<std::string> unquoted(std::string_view word) {
  if (!word.starts_with('"')) return std::nullopt;
  return std::string(word.substr(1));
}

}  // namespace glasstcp::lab
