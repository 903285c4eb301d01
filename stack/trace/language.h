// The two languages in which the stack explains itself.
//
// Next: text_buffer.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "stack/trace/reason.h"
#include "stack/trace/verdict.h"

namespace glasstcp {

/// The language of sentences. Names of the RFCs (cwnd, SYN-SENT, FastRetransmit) are the same in
/// both.
enum class Language : std::uint8_t { English, Chinese };

/// The sentence of a reason or a verdict in a language. Static lifetime.
[[nodiscard]] inline std::string_view sentence(SendReason reason, Language language) {
  return language == Language::Chinese ? info(reason).sentence_zh : info(reason).sentence;
}
[[nodiscard]] inline std::string_view sentence(Verdict verdict, Language language) {
  return language == Language::Chinese ? info(verdict).sentence_zh : info(verdict).sentence;
}
/// `english` or `chinese`, whichever the language is.
[[nodiscard]] constexpr std::string_view either(Language language, std::string_view english,
                                                std::string_view chinese) {
  return language == Language::Chinese ? chinese : english;
}

}  // namespace glasstcp
