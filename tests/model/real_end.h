// The real stack in the place of the model: the same steps, and what can be seen of it in the
// model's words.
//
// One listening port, one connection at a time, always between the same two endpoints, so that
// packets can be written once and played for each case. IPv6, since its header needs no checksum.
//
// Invariants:
//   1. clean() leaves a stack that knows of no connection: every case starts from the same state.
//
// Next: world.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stack/socket/stack.h"
#include "tests/model/tcp_model.h"
#include "tests/support/packet_bytes.h"

namespace glasstcp::model {

using Packet = test::Bytes;

/// How both ends are made.
struct Terms {
  Number iss = 0;
  Number irs = 0;
  Number buffer = 4096;
  bool is_listening = true;
  bool uses_timestamps = false;  ///< the peer's SYN has the option
  bool uses_sack = false;        ///< likewise
  /// The peer offers ECN, and marks and reports here and there, as the segment's numbers happen to
  /// be.
  enum class Ecn { None, Classic, Accurate } ecn = Ecn::None;
  bool blind_attack_defence = true;
  Duration delayed_ack{};  ///< zero: every ACK at once
  void (*adjust)(TcpConfig&) = nullptr;
};

/// Writes the segment into an IPv6 packet that comes from the peer.
void write_packet(const Arriving& seg, const Terms& terms, Packet& packet);
/// Reads a packet of ours.
[[nodiscard]] Leaving read_packet(const OutPacket& out);

/// The stack with one connection.
class RealEnd : private Observer {
 public:
  explicit RealEnd(const Terms& terms);

  void open();
  void send(Number octets);
  void close();
  void leave();
  Verdict arrive(const Packet& packet);
  /// What leaves now. Borrowed until the next call.
  const std::vector<Leaving>& let_leave();
  /// Lets time pass.
  void wait(Duration d);
  /// Watches from here on, and forgets the events so far.
  void watch();
  void clean();

  /// The state in the model's words. Closed and Listen both mean that there is no connection.
  [[nodiscard]] Stage stage() const;
  /// The variables after the last packet of either direction; valid while there is a connection.
  [[nodiscard]] const TcbSnapshot& variables() const { return variables_; }
  [[nodiscard]] bool has_variables() const { return has_variables_; }
  /// The events since watch().
  [[nodiscard]] std::uint16_t events();
  [[nodiscard]] std::optional<StreamError> error() const { return stack_.error(id_); }
  [[nodiscard]] bool has_id() const { return !id_.is_none(); }
  [[nodiscard]] std::uint32_t unread() const;
  [[nodiscard]] Number urgent_remaining() const { return stack_.urgent_remaining(id_); }
  /// Whether the `count` octets after the first `from` unread ones are those from number `seq` on.
  [[nodiscard]] bool has_octets(std::uint32_t from, std::uint32_t count, Number seq) const;
  /// How long until something happens by itself: the end of TIME-WAIT, if there is one.
  [[nodiscard]] Duration next_deadline() const { return stack_.next_deadline() - now_; }
  /// Every header that left since watch(), and how much text each had.
  [[nodiscard]] const std::string& bytes_since_watch() const { return bytes_; }
  [[nodiscard]] Stack& stack() { return stack_; }
  [[nodiscard]] ConnectionId id() const { return id_; }

 private:
  void on_packet_received(const PacketReceivedEvent& event) noexcept override;
  void on_packet_sent(const PacketSentEvent& event) noexcept override;

  Terms terms_;
  Instant now_{1000s};
  Stack stack_;
  ListenerId listener_;
  ConnectionId id_;
  bool is_orphan_ = false;
  OutPacket out_;
  std::vector<Leaving> left_;
  std::string bytes_;
  TcbSnapshot variables_;
  bool has_variables_ = false;
};

}  // namespace glasstcp::model
