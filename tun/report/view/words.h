// Numbers, times, flags, options and states in words, in either language.
//
// Units: bytes; ms in text; seconds with six digits where frames are listed, as Wireshark does.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stack/trace/language.h"
#include "stack/trace/reason_class.h"
#include "tun/report/model.h"

namespace glasstcp::report {

/// The sentence of a language, with its values; both are checked when this is compiled.
template <typename... Args>
[[nodiscard]] std::string said(Language language, fmt::format_string<Args...> en,
                               fmt::format_string<Args...> zh, Args&&... args) {
  return fmt::format(language == Language::Chinese ? zh : en, std::forward<Args>(args)...);
}

/// 1234567 -> "1,234,567".
[[nodiscard]] std::string grouped(std::int64_t number);
/// "1,448 bytes" / "1,448 字节".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes, Language language);
/// ns as "12.345 ms", with no more digits than it is worth.
[[nodiscard]] std::string milliseconds(std::int64_t ns);
/// ns as "1.003516", in seconds.
[[nodiscard]] std::string seconds(std::int64_t ns);
/// ns since 1970 as "2026-11-30 08:45:43 UTC".
[[nodiscard]] std::string date_text(std::int64_t ns);
/// "client" / "客户端".
[[nodiscard]] std::string_view name_of(Side side, Language language);
/// "192.0.2.2:80", "[2001:db8::2]:80".
[[nodiscard]] std::string endpoint_text(const Endpoint& endpoint);

/// "SYN, ACK"; "none" without any.
[[nodiscard]] std::string flag_names(std::uint16_t flags);
/// The nine bits from AE to FIN, "0 0001 1000".
[[nodiscard]] std::string flag_bits(std::uint16_t flags);
/// "MSS 1460; window scale 7 (× 128); ..." in words.
[[nodiscard]] std::string options_text(const Capture& capture, const Frame& frame,
                                       Language language);
/// "MSS 1460, WS 7, SACK, TS": short, for a ladder.
[[nodiscard]] std::string options_brief(const Capture& capture, const Frame& frame);

/// "ESTABLISHED"; an inferred one is "(ESTABLISHED)", two possible ones "A / B", unknown "?".
[[nodiscard]] std::string state_text(const EndState& state);
/// What a frame is, in a few words: "SYN", "GET /", "data", "ACK", "FIN" ...
[[nodiscard]] std::string frame_label(const Connection& connection, const Frame& frame,
                                      Language language);
/// The class whose colour and mark a frame has.
[[nodiscard]] ReasonClass class_of(const Frame& frame);
/// How a connection ended.
[[nodiscard]] std::string_view ending_text(Ending ending, Language language);
/// "frame 3" / "第 3 帧", marked.
[[nodiscard]] std::string frame_text(FrameNumber number, Language language);
/// "frames 3 and 5" / "第 3、5 帧".
[[nodiscard]] std::string frames_text(const std::vector<FrameNumber>& numbers, Language language);

}  // namespace glasstcp::report
