// See statement_reader.h; errors say what would be right.
#include "stack/lab/statement_reader.h"

#include <array>

#include "stack/lab/expression.h"
#include "stack/tcp/congestion_names.h"

namespace glasstcp::lab {
namespace {

using Failure = std::unexpected<std::string>;

constexpr std::uint64_t kMostBytes = 64U << 20;  // of one write or read
constexpr std::uint64_t kMostTimes = 1000;
constexpr std::uint32_t kMostConnections = 64;

std::expected<Actor, std::string> read_actor(Words& words) {
  std::string_view word = words.take();
  Actor actor;
  const std::size_t slash = word.find('/');
  if (slash != std::string_view::npos) {
    const auto number = evaluate_number(word.substr(slash + 1));
    if (!number || *number == 0 || *number > kMostConnections) {
      return Failure("'" + std::string(word) + "': behind the slash, a connection from 1 to 64");
    }
    actor.connection = static_cast<std::uint32_t>(*number);
    word = word.substr(0, slash);
  }
  if (word == "server") {
    actor.side = Side::Server;
  } else if (word != "client") {
    return Failure("'" + std::string(word) +
                   "' is not client or server (client/2: its second connection)");
  }
  return actor;
}

bool read_port(Words& words, std::uint64_t& into) {
  const auto port = evaluate_number(words.take());
  if (!port || *port == 0 || *port > 65535) return false;
  into = *port;
  return true;
}

std::string read_connect(Words& words, Action& action) {
  std::uint64_t target = 80;
  if (words.take_if("from") && !read_port(words, action.amount)) return "from which port?";
  if (words.take_if("to") && !read_port(words, target)) return "to which port?";
  action.target = static_cast<std::uint16_t>(target);
  return {};
}

std::string read_write(Words& words, Action& action) {
  if (auto text = unquoted(words.peek())) {
    words.take();
    action.deed = Deed::WriteText;
    action.text = std::move(*text);
    return action.text.empty() ? "write \"\" writes nothing" : "";
  }
  const auto bytes = evaluate_number(words.take());
  if (!bytes || *bytes == 0 || *bytes > kMostBytes) {
    return "write takes bytes from 1 to 64M, or a text between quotation marks";
  }
  action.amount = *bytes;
  const std::string_view times = words.peek();
  if (!times.starts_with('x')) return {};
  const auto count = evaluate_number(words.take().substr(1));
  if (!count || *count == 0 || *count > kMostTimes) return "xN: so many writes, from 1 to 1000";
  action.times = *count;
  return {};
}

std::string read_read(Words& words, Action& action) {
  if (words.take_if("all")) {
    action.deed = Deed::ReadAll;
    return {};
  }
  const auto bytes = evaluate_number(words.take());
  if (!bytes || *bytes == 0 || *bytes > kMostBytes) return "read takes bytes from 1 to 64M, or all";
  action.amount = *bytes;
  if (!words.take_if("every")) return {};
  const auto every = evaluate_time(words.take());
  if (!every || *every <= Duration::zero()) return "every takes a time like 50ms";
  action.every = *every;
  return {};
}

std::string read_congestion(Words& words, Action& action) {
  action.text = words.take();
  return congestion_named(action.text) ? "" : "'" + action.text + "' is not reno, cubic or bbr";
}

std::string read_forgery(Words& words, Action& action) {
  if (words.take_if("rst")) {
    action.deed = Deed::ForgeReset;
    if (!words.take_if("beyond")) return {};
  } else if (words.take_if("syns")) {
    action.deed = Deed::ForgeSyns;
  } else {
    return "receives 'forged rst', 'forged rst beyond N' or 'forged syns N'";
  }
  const auto count = evaluate_number(words.take());
  if (!count || *count > 100'000) return "a number of 100000 at most";
  action.amount = *count;
  return {};
}

// The application's verb and what belongs to it; the text says what is wrong.
std::string read_deed(Words& words, Action& action) {
  static constexpr std::array<std::pair<std::string_view, Deed>, 8> kPlain = {
      {{"listen", Deed::Listen},
       {"stop-listening", Deed::CloseListener},
       {"shutdown", Deed::Shutdown},
       {"close", Deed::Close},
       {"abort", Deed::Abort},
       {"keep-alive", Deed::KeepAlive},
       {"stop-reading", Deed::StopReading},
       {"reboot", Deed::Reboot}}};
  const std::string verb(words.take());
  for (const auto& [name, deed] : kPlain) {
    if (verb != name) continue;
    action.deed = deed;
    return {};
  }
  if (verb == "connect") {
    action.deed = Deed::Connect;
    return read_connect(words, action);
  }
  if (verb == "write") {
    action.deed = Deed::Write;
    return read_write(words, action);
  }
  if (verb == "read") {
    action.deed = Deed::Read;
    return read_read(words, action);
  }
  if (verb == "congestion") {
    action.deed = Deed::Congestion;
    return read_congestion(words, action);
  }
  if (verb == "receives" && words.take_if("forged")) return read_forgery(words, action);
  return "'" + verb +
         "' is nothing that an application does: listen, stop-listening, connect, write, read, "
         "stop-reading, shutdown, close, abort, keep-alive, congestion, reboot";
}

std::string read_trigger(Words& words, Statement& statement) {
  const std::string word(words.take());
  if (word == "connected") {
    statement.trigger = Trigger::Connected;
  } else if (word == "end") {
    statement.trigger = Trigger::End;
  } else if (word == "acked") {
    statement.trigger = Trigger::Acked;
  } else if (word == "failed") {
    statement.trigger = Trigger::Failed;
  } else if (word == "read") {
    statement.trigger = Trigger::Read;
    const auto bytes = evaluate_number(words.take());
    if (!bytes || *bytes == 0) return "on ... read N: so many bytes in all";
    statement.amount = *bytes;
  } else {
    return "'" + word + "' is no event: connected, read N, end, acked, failed";
  }
  if (!words.take_if("+")) return {};
  const auto delay = evaluate_time(words.take());
  if (!delay) return "behind + stands a time like 20ms";
  statement.delay = *delay;
  return {};
}

}  // namespace

std::expected<Statement, std::string> read_act(bool at_time, Words& words) {
  Statement statement;
  if (at_time) {
    const auto time = evaluate_time(words.take());
    if (!time) return Failure("at a time like 20ms");
    statement.delay = *time;
  } else {
    const auto who = read_actor(words);
    if (!who) return Failure(who.error());
    statement.who = *who;
    if (std::string wrong = read_trigger(words, statement); !wrong.empty()) return Failure(wrong);
  }
  const auto actor = read_actor(words);
  if (!actor) return Failure(actor.error());
  statement.action.actor = *actor;
  if (std::string wrong = read_deed(words, statement.action); !wrong.empty()) {
    return Failure(wrong);
  }
  if (!words.at_end()) return Failure("'" + std::string(words.peek()) + "' is too much");
  return statement;
}

}  // namespace glasstcp::lab
