// What an observer remembers of each connection, to say what the next packet means: initial
// numbers, FINs, what was sent twice, where messages lie, what the peer has proved.
//
// RFC 9293 §3.3.1, §3.4 (relative numbers), §3.10.7.4; RFC 5681 §2 (duplicate ACKs).
//
// Invariants:
//   1. All memory is taken in the constructor of ConnectionMemories; a connection too many takes
//      the place of the one that was silent longest.
//   2. A stream has the number that Wireshark gives it in a file that holds the same packets
//      (tcp.stream): counted from 0 in the order in which connections first appear.
//
// Next: annotator.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "stack/trace/event.h"
#include "stack/trace/packet_event.h"
#include "stack/trace/packet_summary.h"
#include "stack/trace/peer_state.h"
#include "stack/trace/relative_numbers.h"
#include "stack/trace/seen_ranges.h"

namespace glasstcp {

/// The part of a message that a packet carries.
struct MessagePart {
  MessageRole role = MessageRole::Request;
  std::uint32_t number = 0;  ///< of the requests or the responses of this connection, from 1
  std::uint64_t first = 0;   ///< offset in the message of the first byte in this packet
  std::uint64_t last = 0;    ///< and of the last
  std::uint64_t length = 0;  ///< of the whole message; 0: not known
  bool begins = false;       ///< the message's first byte is here
  bool ends = false;         ///< and its last
  std::string_view label{};  ///< empty: not known yet; lives until the next event
};

/// The parts of messages in one packet, in order.
class MessageParts {
 public:
  static constexpr std::size_t kMost = 4;
  void add(const MessagePart& part) {
    if (count_ < kMost) parts_[count_++] = part;
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::span<const MessagePart> all() const { return std::span(parts_).first(count_); }

 private:
  std::array<MessagePart, kMost> parts_{};
  std::size_t count_ = 0;
};

/// A message of one connection.
struct Message {
  static constexpr std::size_t kLabel = 200;  ///< bytes of a label that are kept
  static constexpr std::uint64_t kOpen = ~std::uint64_t{0};

  std::uint64_t begin = 0;    ///< offset in the stream
  std::uint64_t end = kOpen;  ///< behind its last byte
  std::uint64_t length = 0;   ///< 0: not known
  std::uint32_t number = 0;
  MessageRole role = MessageRole::Request;
  std::uint8_t label_length = 0;
  std::array<char, kLabel> label{};

  [[nodiscard]] std::string_view name() const { return {label.data(), label_length}; }
};

/// One direction: 64-bit offsets for 32-bit numbers, and the last messages.
class StreamMemory {
 public:
  static constexpr std::size_t kMessages = 8;

  /// The stream's first byte has this number.
  void begin_at(SeqNum first);
  /// Offset of a number near those that were seen last; 0 is the first byte.
  std::uint64_t offset_of(SeqNum seq);
  void take(const MessageMark& mark);
  /// The messages that lie in `length` bytes from `seq` on.
  [[nodiscard]] MessageParts parts(SeqNum seq, std::uint32_t length);

 private:
  Message& latest() { return messages_[(count_ - 1) % kMessages]; }

  SeqNum seq_;  // has the offset `offset_`
  std::uint64_t offset_ = 0;
  std::uint32_t count_ = 0;  // messages so far
  Message* messages_ = nullptr;
  friend class ConnectionMemories;
};

/// What is remembered of one connection.
class ConnectionMemory {
 public:
  /// What a packet that came did; learns from it.
  PacketEvents read_arrival(const PacketReceivedEvent& event, const PacketSummary& packet);
  /// What is true of one that leaves; learns from it.
  PacketEvents read_departure(const PacketSentEvent& event, const PacketSummary& packet);
  /// The messages in it, by the marks that were made until now.
  [[nodiscard]] MessageParts parts(const PacketSummary& packet, bool outgoing);
  void take(const MessageMark& mark);
  void take(const CloseNote& note) { close_ = note; }

  [[nodiscard]] std::uint32_t stream() const { return stream_; }
  [[nodiscard]] const InitialNumbers& numbers() const { return numbers_; }
  /// Our state, also while there is no TCB (half-open, TIME-WAIT); empty: not known.
  [[nodiscard]] std::optional<State> state() const { return state_; }
  void set_state(State state) { state_ = state; }
  [[nodiscard]] PeerStates peer() const { return possible_states(peer_); }
  /// What the application said when it closed; Unknown: it did not.
  [[nodiscard]] const CloseNote& close_note() const { return close_; }
  /// The shift of the windows in packets of that direction; empty: not known.
  [[nodiscard]] std::optional<std::uint8_t> window_shift(bool outgoing) const {
    return outgoing ? our_shift_ : their_shift_;
  }

 private:
  friend class ConnectionMemories;
  struct Range {
    SeqNum begin, end;
  };

  // What is known of data that came before it is read.
  struct Arrived {
    bool is_highest = true;   // nothing behind it was seen before
    std::uint32_t again = 0;  // numbers of it that were
  };

  void forget_connection();
  void forget_last_packets();
  void learn(const PacketSummary& packet, bool outgoing, const TcbSnapshot* tcb);
  void learn_syn(const PacketSummary& packet, bool outgoing);
  void set_first(std::optional<SeqNum>& number, SeqNum first);
  [[nodiscard]] Arrived note_seen(const PacketReceivedEvent& event, const PacketSummary& packet);
  void read_syn(const PacketReceivedEvent& event, const PacketSummary& packet, PacketEvents& out);
  void read_ack(const PacketReceivedEvent& event, const PacketSummary& packet, PacketEvents& out);
  void read_window(const PacketReceivedEvent& event, const PacketSummary& packet,
                   PacketEvents& out);
  void read_data(const PacketReceivedEvent& event, const PacketSummary& packet,
                 const Arrived& arrived, PacketEvents& out);
  void read_ack_sent(const PacketSentEvent& event, const PacketSummary& packet, PacketEvents& out);
  [[nodiscard]] bool is_their_fin_again(const PacketSummary& packet) const;
  [[nodiscard]] bool was_retransmitted(SeqNum begin, SeqNum end);
  void note_retransmitted(SeqNum begin, SeqNum end);

  FourTuple tuple_;
  bool used_ = false;
  std::uint32_t stream_ = 0;
  std::uint32_t gaps_ = 0;  // of ConnectionMemories, when this was used last
  std::uint64_t last_use_ = 0;
  InitialNumbers numbers_;
  std::optional<State> state_;
  std::optional<std::uint8_t> our_shift_;
  std::optional<std::uint8_t> their_shift_;
  std::optional<SeqNum> refused_syn_;  // the number of one that began nothing
  std::optional<SeqNum> our_fin_;      // the number of it
  std::optional<SeqNum> their_fin_;
  std::optional<SeqNum> early_fin_;  // one beyond a gap
  std::optional<SeqNum> last_ack_sent_;
  std::optional<SeqNum> sent_up_to_;    // behind the last number that we sent
  std::optional<SeqNum> our_edge_;      // right edge of the window that we offered last
  std::uint32_t our_window_ = 0;        // and that window
  std::optional<SeqNum> repeated_ack_;  // what duplicate ACKs ask for
  std::uint32_t duplicates_ = 0;
  std::uint32_t duplicates_sent_ = 0;
  bool asked_ = false;         // we sent a keep-alive or a window probe, not answered yet
  bool asked_window_ = false;  // and it was a window probe
  bool was_asked_ = false;     // they did, and we have not answered yet
  bool was_asked_window_ = false;
  PeerEvidence peer_;
  SeenRanges seen_;  // of what they sent and we used
  CloseNote close_;
  std::array<Range, 8> retransmitted_{};
  std::size_t retransmitted_count_ = 0;
  StreamMemory out_;
  StreamMemory in_;
};

/// The memories of all connections that an observer has seen lately.
class ConnectionMemories {
 public:
  static constexpr std::size_t kDefault = 1024;

  /// Remembers so many connections, 8 to 16,777,216. Without memory for them nothing is remembered.
  explicit ConnectionMemories(std::size_t most = kDefault);

  /// The memory of a packet's connection, a new one if need be; null: it is none of TCP's, or there
  /// was no memory. Valid until the next call.
  ///
  /// `is_used`: it was sent, or came and was used. A SYN that was not begins nothing.
  ConnectionMemory* of(const PacketSummary& packet, bool outgoing, bool is_used);
  ConnectionMemory* of(const FourTuple& tuple);
  /// None of them exists any more; their streams keep their numbers.
  void forget_states();
  /// Packets have passed unseen: what is known of the last ones of each connection is forgotten,
  /// once it is asked for.
  void note_gap() { ++gaps_; }

 private:
  static constexpr std::size_t kWays = 8;  // places where a tuple may stand
  static constexpr std::size_t kMost = 1U << 24;

  ConnectionMemory* find(const FourTuple& tuple);
  ConnectionMemory* renew(ConnectionMemory& memory, const FourTuple& tuple);

  std::unique_ptr<ConnectionMemory[]> memories_;
  std::unique_ptr<Message[]> messages_;
  std::size_t groups_ = 0;
  std::uint32_t next_stream_ = 0;
  std::uint32_t gaps_ = 0;
  std::uint64_t uses_ = 0;
};

}  // namespace glasstcp
