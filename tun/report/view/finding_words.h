// What the sentences of every finding need: its frames, numbers and texts, made ready to be read.
//
// Next: answer_words.h.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "tun/report/view/answer_words.h"
#include "tun/report/view/markup.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {

/// One finding, and access to what it holds. Borrows both.
class FindingWords {
 public:
  FindingWords(const View& view, const Finding& finding) : view_(view), finding_(finding) {}

 protected:
  template <typename... Args>
  [[nodiscard]] std::string say(fmt::format_string<Args...> en, fmt::format_string<Args...> zh,
                                Args&&... args) const {
    return view_.say(en, zh, std::forward<Args>(args)...);
  }
  [[nodiscard]] std::string at(Role role) const { return view_.frame(finding_.frame(role)); }
  [[nodiscard]] std::int64_t number(ValueName name) const {
    const Value* value = finding_.value(name);
    return value != nullptr ? value->number : 0;
  }
  [[nodiscard]] std::string raw(ValueName name) const {
    return code(fmt::format("{}", number(name)));
  }
  [[nodiscard]] std::string text(ValueName name) const {
    const Value* value = finding_.value(name);
    return code(value != nullptr ? std::string_view(value->text) : std::string_view());
  }
  [[nodiscard]] std::string bytes(ValueName name) const {
    return bytes_text(static_cast<std::uint64_t>(number(name)), view_.language);
  }
  [[nodiscard]] std::string_view side(ValueName name) const {
    return view_.name(number(name) == 0 ? Side::Client : Side::Server);
  }
  [[nodiscard]] const Connection* connection() const {
    const auto& all = view_.capture.connections;
    return finding_.connection && *finding_.connection < all.size() ? &all[*finding_.connection]
                                                                    : nullptr;
  }
  [[nodiscard]] std::string absent() const {
    return say("This capture does not show it.", "这个抓包中看不到这一点。");
  }

  const View& view_;
  const Finding& finding_;
};

/// The parts of an answer about SYNs, segments, pace and what HTTP makes of them (the kinds that
/// transfer_questions.h finds).
[[nodiscard]] AnswerParts parts_about_transfer(const View& view, const Finding& finding);

}  // namespace glasstcp::report
