// A scenario: two hosts, a link, applications that act at their times, what is to be seen, and its
// story. It is read from a small text that a person can write (scenario_reader.h has its grammar).
//
// Invariants:
//   1. Here nothing is open any more: what the seed chooses has been chosen.
//   2. Everything that happens follows from this value; there is no clock and no other chance.
//
// Next: scenario_reader.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/link/impairment.h"
#include "stack/socket/stack_config.h"
#include "stack/trace/language.h"

namespace glasstcp::lab {

/// The two ends. The client has 192.0.2.1, the server 192.0.2.2.
enum class Side : std::uint8_t { Client, Server };
[[nodiscard]] constexpr Side other(Side side) {
  return side == Side::Client ? Side::Server : Side::Client;
}
[[nodiscard]] constexpr std::size_t index_of(Side side) {
  return static_cast<std::size_t>(side);
}
[[nodiscard]] inline IpAddress address_of(Side side) {
  return side == Side::Client ? IpAddress::v4(192, 0, 2, 1) : IpAddress::v4(192, 0, 2, 2);
}
[[nodiscard]] constexpr std::string_view name_of(Side side) {
  return side == Side::Client ? "client" : "server";
}
[[nodiscard]] constexpr std::string_view name_of(Side side, Language language) {
  return side == Side::Client ? either(language, "client", "客户端")
                              : either(language, "server", "服务器");
}

/// One of several connections of a scenario: 1 unless the text says client/2.
struct Actor {
  Side side = Side::Client;
  std::uint32_t connection = 1;
  friend bool operator==(const Actor&, const Actor&) = default;
};

/// What an application does.
enum class Deed : std::uint8_t {
  Listen,
  CloseListener,
  Connect,      ///< `amount`: the local port; 0: any. `target`: the remote one
  Write,        ///< `amount` bytes, `times` times: each a SEND of its own
  WriteText,    ///< `text`
  Read,         ///< `amount` bytes at once, then no more; with `every`, again and again
  ReadAll,      ///< whatever comes, from now on (how it begins)
  StopReading,  ///< nothing more is read
  Shutdown,     ///< no more to send: a half-close
  Close,        ///< done in both directions
  Abort,        ///< RST
  KeepAlive,    ///< keep-alives from now on
  Congestion,   ///< `text` is the congestion control of this connection from now on
  Reboot,       ///< the host forgets everything
  ForgeReset,   ///< an attacker sends this end a RST, `amount` beyond what it expects
  ForgeSyns,    ///< an attacker sends this end `amount` SYNs from addresses that never answer
  Ping,         ///< host 192.0.2.`amount` pings this end for the `times`-th time (bystanders.h)
};
struct Action {
  Actor actor;
  Deed deed = Deed::Listen;
  std::uint64_t amount = 0;
  std::uint64_t times = 1;
  std::uint16_t target = 80;  ///< a port
  Duration every{};
  std::string text{};
};

/// What an action waits for.
enum class Trigger : std::uint8_t {
  Time,       ///< `delay` after the start
  Connected,  ///< the handshake is over for this end
  Read,       ///< its application has read `amount` bytes in all
  End,        ///< its application has read the other's end of stream
  Acked,      ///< all that its application wrote is acknowledged
  Failed,     ///< its connection failed: reset, or given up
};
struct Statement {
  Trigger trigger = Trigger::Time;
  Actor who;  ///< whose event it is
  std::uint64_t amount = 0;
  Duration delay{};  ///< behind the event
  Action action;
};

/// What is done to packets of one kind.
enum class EditKind : std::uint8_t { Lose, Delay, Duplicate, Mark };
struct Edit {
  Side from = Side::Client;
  EditKind kind = EditKind::Lose;
  std::string what{};       ///< "data", "ack", ..., or the name of a reason
  std::uint64_t first = 1;  ///< of this kind, counted from 1
  std::uint64_t last = 1;
  Duration by{};
};

/// One direction of the link, named by who sends into it.
struct Path {
  Impairment impairment;
  std::uint32_t mtu = 0;  ///< bytes that pass; 0: all
  bool silent = false;    ///< what is too big vanishes without an ICMP message
};

/// What must be in the capture of one end, or must not.
struct Expectation {
  Side side = Side::Client;
  bool never = false;
  std::vector<std::string> terms{};  ///< key=value, key<number, key>number
  std::uint32_t line = 0;            ///< of the text
};

/// The story in one language.
struct Story {
  std::string title;
  std::string question;
  std::string predict;
  std::string happened;
  std::string see;     ///< what the filter shows
  std::string change;  ///< what the command changes
};

struct Scenario {
  std::string name;
  std::string chapter;  ///< "opening", "data", ...
  std::uint64_t seed = 0;
  Seed chance;           ///< what all chance comes from: made of the number, or a quiz's own
  bool is_quiz = false;  ///< it is a quiz's: no number makes this run
  std::vector<std::pair<std::string, std::string>> overrides;  ///< what --set said: key and value
  std::vector<std::string> edit_lines;                         ///< what --edit said
  std::string own_text;                ///< where it is not that of a built-in one
  std::array<StackConfig, 2> configs;  ///< by side
  std::array<Path, 2> paths;           ///< by who sends
  std::vector<Edit> edits;
  std::vector<Statement> statements;
  Duration until{};          ///< nothing is looked at afterwards; 0: until all is quiet
  Side view = Side::Client;  ///< whose capture shows it best
  Side watched = Side::Client;
  std::vector<std::string> watch{};  ///< variables beside each packet of `watched`
  std::vector<Expectation> expectations;
  std::string filter;   ///< of Wireshark
  std::string command;  ///< what `change` tells to do, behind "glasstcp lab"
  std::vector<std::pair<std::string, std::string>> chosen;  ///< by the seed: name and value
  std::array<Story, 2> stories;                             ///< by language

  [[nodiscard]] const Story& story(Language language) const {
    return stories[language == Language::Chinese ? 1 : 0];
  }
  [[nodiscard]] bool has_several_connections() const {
    for (const Statement& s : statements) {
      if (s.action.actor.connection > 1) return true;
    }
    return false;
  }
};

}  // namespace glasstcp::lab
