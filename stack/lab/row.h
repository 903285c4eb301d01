// One row of a ladder: a packet, something that an application did, or a change of state.
//
// Next: row_words.h.
#pragma once

#include <array>
#include <set>
#include <string>
#include <string_view>

#include "stack/lab/scenario.h"
#include "stack/trace/annotated_packet.h"
#include "stack/trace/reason_class.h"

namespace glasstcp::lab {

struct Row {
  enum class Kind : std::uint8_t { Packet, Action, State };

  Kind kind = Kind::Packet;
  Side side = Side::Client;      ///< who sent it, or acted
  std::uint32_t connection = 1;  ///< 0: with an address that is neither host's
  Instant at{};                  ///< when it left, or happened; of a copy: when it came
  Instant arrived = kNever;      ///< never: it was lost, or is on its way
  /// When it left, or happened, and when it came, in the order of all that leave, happen and come
  /// in the run, from 1; 0: it did not. Tells apart what has one instant.
  std::uint64_t left_place = 0, came_place = 0;
  std::uint64_t number = 0;  ///< of a packet, from 1
  bool is_copy = false;      ///< the link duplicated it
  bool is_forged = false;    ///< by nobody of the two
  std::string lost{};        ///< why
  bool is_marked = false;    ///< by a router: congestion experienced
  PacketSummary summary{};
  std::uint32_t seq = 0;  ///< relative
  std::uint32_t ack = 0;  ///< relative
  ReasonClass reason_class = ReasonClass::Data;
  std::string label{};                       ///< "SYN-ACK seq=0 ack=1"
  std::string why{};                         ///< it was sent
  std::string effect{};                      ///< at the other end; empty: nothing to be remarked
  std::string watched{};                     ///< "cwnd 14480, ssthresh -"
  std::string text{};                        ///< of an action or a change of state
  std::array<std::string_view, 2> states{};  ///< by side: of the sender after it, of the receiver
                                             ///< after it came
  std::array<bool, 2> changed{};             ///< whether it changed them
  bool is_retransmission = false;
  bool explains = false;    ///< a name for the first time, in a sentence
  bool is_plain = false;    ///< data or an ACK as any other: it may be folded
  bool says_again = false;  ///< only that a gap is still open
};

/// Names of reasons and verdicts whose sentence stands in a row already.
using ToldNames = std::set<std::string_view>;

}  // namespace glasstcp::lab
