// The classes of reasons and verdicts, and how each looks: one table of colours for everything that
// shows packets (terminal, report, page, Wireshark profile).
//
// The colours are told apart by people who do not see red, green or blue, and each class has a mark
// and a dash pattern of its own, so that nothing is said by colour alone.
//
// Invariants:
//   1. The table has a row for each class, in the same order (checked at compile time).
//   2. `light` has a contrast of 4.5:1 on white (NotTcp 3:1), `dark` on a dark page.
//
// Next: fields.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "stack/trace/annotated_packet.h"
#include "stack/trace/language.h"

namespace glasstcp {

/// What a packet is about.
enum class ReasonClass : std::uint8_t {
  Opening,         ///< SYN, SYN-ACK, the handshake's last ACK
  Data,            ///< bytes of the application, for the first time
  Acknowledgment,  ///< an ACK and nothing else
  FlowControl,     ///< windows: update, closed, probe of a closed one
  LossRecovery,    ///< retransmissions, duplicate ACKs, probes for a loss
  Closing,         ///< FIN, its ACK, TIME-WAIT
  Reset,           ///< RST
  Defence,         ///< challenge ACKs, and what was dropped since it did not fit
  NotTcp,          ///< ICMP, fragments, packets that are not for us
};
inline constexpr int kReasonClassCount = static_cast<int>(ReasonClass::NotTcp) + 1;

/// A row of the table: names, and how the class looks.
struct ReasonClassInfo {
  ReasonClass reason_class;
  std::string_view key;   ///< for programs: "loss-recovery"
  std::string_view name;  ///< English
  std::string_view name_zh;
  std::string_view mark;   ///< one character that stands for the class
  std::string_view light;  ///< "#rrggbb", on a white page
  std::string_view dark;   ///< "#rrggbb", on a dark page
  std::string_view tint;   ///< "#rrggbb", a background under black text (Wireshark's rows)
  std::uint8_t terminal;   ///< colour of 256 (ESC [38;5;n m), fit for dark and light ones
  std::string_view dash;   ///< of a line, as SVG's stroke-dasharray; empty: solid
};

/// The row of a class. Static lifetime.
[[nodiscard]] const ReasonClassInfo& info(ReasonClass reason_class);
/// All rows, in the order of the enumerators.
[[nodiscard]] std::span<const ReasonClassInfo> all_reason_classes();
/// The name of a class in a language. Static lifetime.
[[nodiscard]] inline std::string_view name_of(ReasonClass reason_class, Language language) {
  const ReasonClassInfo& row = info(reason_class);
  return either(language, row.name, row.name_zh);
}

/// The class of a packet that we sent.
[[nodiscard]] ReasonClass class_of(SendReason reason);
/// The class of a packet that came, by its verdict alone.
[[nodiscard]] ReasonClass class_of(Verdict verdict);
/// The class of an event.
[[nodiscard]] ReasonClass class_of(PacketEvent event);
/// The class of any packet: of several events the one that says most.
[[nodiscard]] ReasonClass class_of(const AnnotatedPacket& packet);

}  // namespace glasstcp
