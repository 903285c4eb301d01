// See answer_file.h.
#include "tun/lab/answer_file.h"

#include <charconv>
#include <optional>

#include "tun/lab/utf8.h"

namespace glasstcp {
namespace {

constexpr std::string_view kWideColon = "：";

struct Entry {
  std::string key;
  std::string_view value;
};

std::string lower(std::string_view text) {
  std::string all(text);
  for (char& c : all) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return all;
}

// 0: it is no question's.
std::size_t question_of(std::string_view key) {
  if (!key.starts_with('q')) return 0;
  std::size_t number = 0;
  const char* const end = key.data() + key.size();
  const auto [rest, error] = std::from_chars(key.data() + 1, end, number);
  if (error != std::errc{} || rest != end || number > AnswerFile::kMostQuestions) return 0;
  return number;
}

// "key: value", if the key is one of ours.
std::optional<Entry> entry_of(std::string_view line) {
  const std::size_t narrow = line.find(':'), wide = line.find(kWideColon);
  const std::size_t at = std::min(narrow, wide);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string key = lower(trimmed(line.substr(0, at)));
  const bool is_ours = key == "student" || key == "quiz" || key == "code" || question_of(key) != 0;
  if (!is_ours) return std::nullopt;
  return Entry{key, trimmed(line.substr(at + (at == narrow ? 1 : kWideColon.size())))};
}

}  // namespace

std::expected<AnswerFile, std::string> parse_answers(std::string_view bytes) {
  if (bytes.size() > AnswerFile::kMost) return std::unexpected("it has more than 256 KiB");
  const std::string text = as_utf8(text_of_file(bytes));
  AnswerFile file;
  std::string* last = nullptr;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trimmed(std::string_view(text).substr(at, end - at));
    at = end + 1;
    if (line.empty() || line.starts_with('#')) continue;
    const auto entry = entry_of(line);
    if (!entry) {
      if (last != nullptr) *last += (last->empty() ? "" : "\n") + std::string(line);
      continue;
    }
    if (const std::size_t number = question_of(entry->key); number != 0) {
      last = &file.answers[number];
    } else {
      last = nullptr;
      std::string& into = entry->key == "student" ? file.student
                          : entry->key == "quiz"  ? file.quiz
                                                  : file.code;
      into = entry->value;
      continue;
    }
    *last = entry->value;
  }
  std::erase_if(file.answers, [](const auto& answer) { return answer.second.empty(); });
  if (file.student.empty()) return std::unexpected("it has no line 'student: NUMBER'");
  return file;
}

}  // namespace glasstcp
