// A recursive-descent reader over one string; it throws ParseError inside and answers with text
// outside.
#include "tests/script/script_parser.h"

#include <algorithm>
#include <cctype>
#include <ranges>
#include <utility>

#include "stack/wire/tcp.h"
#include "tests/script/icmp_message.h"
#include "tests/script/raw_packet.h"
#include "tests/script/script_cursor.h"

namespace glasstcp::test {
namespace {

EventTime parse_time(Cursor& in) {
  EventTime time;
  if (in.accept("*")) {
    time.base = EventTime::Base::Any;
    return time;
  }
  const bool relative = in.accept("+");
  time.base = relative ? EventTime::Base::Previous : EventTime::Base::Script;
  time.from = time.to = in.seconds();
  if (in.accept("...")) {
    time.is_blocking = true;
    in.accept("+");
    time.to = in.seconds();
  } else if (in.accept("~")) {
    in.accept("+");
    time.to = in.seconds();
  }
  if (time.to < time.from) in.fail("the range of times runs backwards");
  return time;
}

std::uint16_t parse_flags(Cursor& in) {
  in.peek();
  std::uint16_t flags = 0;
  for (;;) {
    switch (in.raw_peek()) {
      case 'S':
        flags |= TcpFlags::kSyn;
        break;
      case 'F':
        flags |= TcpFlags::kFin;
        break;
      case 'R':
        flags |= TcpFlags::kRst;
        break;
      case 'P':
        flags |= TcpFlags::kPsh;
        break;
      case '.':
        flags |= TcpFlags::kAck;
        break;
      case 'E':
        flags |= TcpFlags::kEce;
        break;
      case 'W':
        flags |= TcpFlags::kCwr;
        break;
      case 'A':
        flags |= TcpFlags::kAe;
        break;
      case 'U':
        flags |= TcpFlags::kUrg;
        break;
      case '-':
        break;
      case ' ':
        return flags;
      default:
        in.fail("a flag must be one of S F R P . E W A U -");
    }
    in.take(1);
  }
}

std::uint16_t parse_16(Cursor& in) {
  const std::uint32_t value = in.number();
  if (value > 0xffff) in.fail("does not fit 16 bits");
  return static_cast<std::uint16_t>(value);
}

// "1:1001(1000)": the three numbers must agree. Returns the length.
std::uint32_t parse_range(Cursor& in, std::uint32_t& seq) {
  seq = in.number();
  in.expect(":");
  const std::uint32_t end = in.number();
  in.expect("(");
  const std::uint32_t length = in.number();
  in.expect(")");
  if (seq + length != end) in.fail("the sequence numbers and the length do not agree");
  return length;
}

// "ECN e0b 1 ceb 0 e1b 1", from the left as far as it goes; the order of e0b and e1b is the kind.
ScriptOption parse_ecn_option(Cursor& in) {
  ScriptOption option{kOptionEcn0, {}, {}};
  for (bool is_first = true;; is_first = false) {
    const bool is_e1b = in.accept("e1b");
    if (!is_e1b && !in.accept("e0b") && !in.accept("ceb")) return option;
    if (is_first && is_e1b) option.kind = kOptionEcn1;
    option.numbers.push_back(in.number());
  }
}

// The cookies of the stack under test have names, since they depend on the addresses.
std::vector<std::uint32_t> cookie_of(Cursor& in) {
  if (in.accept("good")) return {kGoodCookie};
  if (in.accept("older")) return {kOlderCookie};
  if (in.accept("theirs")) return {kTheirCookie};
  if (in.accept("longest")) return {kLongestCookie};
  return {};
}

ScriptOption parse_option(Cursor& in) {
  if (in.accept("mss")) return {kOptionMss, {in.number()}, {}};
  if (in.accept("nop")) return {kOptionNop, {}, {}};
  if (in.accept("eol")) return {kOptionEnd, {}, {}};
  if (in.accept("sackOK")) return {kOptionSackPermitted, {}, {}};
  if (in.accept("wscale")) return {kOptionScale, {in.number()}, {}};
  if (in.accept("TS")) {
    ScriptOption option{kOptionTimestamps, {}, {}};
    in.expect("val");
    option.numbers.push_back(in.number());
    in.expect("ecr");
    option.numbers.push_back(in.number());
    return option;
  }
  if (in.accept("ECN")) return parse_ecn_option(in);
  if (in.accept("FOEXP")) return {kOptionExperiment, cookie_of(in), {}};
  if (in.accept("FO")) return {kOptionFastOpen, cookie_of(in), {}};
  if (in.accept("uto")) return {kOptionUserTimeout, {in.number()}, {}};
  in.expect("sack");
  ScriptOption option{kOptionSack, {}, {}};
  while (std::isdigit(in.peek()) != 0) {
    option.numbers.push_back(in.number());
    in.expect(":");
    option.numbers.push_back(in.number());
  }
  return option;
}

void parse_options(Cursor& in, ScriptSegment& segment) {
  if (in.accept("...")) {
    segment.any_options = true;
    in.expect(">");
    return;
  }
  while (!in.accept(">")) {
    segment.options.push_back(parse_option(in));
    in.accept(",");
  }
}

// "*:*(0)": the numbers do not matter, the length does.
void parse_numbers(Cursor& in, ScriptSegment& segment) {
  if (!in.accept("*")) {
    segment.length = parse_range(in, segment.seq);
    return;
  }
  segment.any_seq = true;
  in.expect(":");
  in.expect("*");
  in.expect("(");
  segment.length = in.number();
  in.expect(")");
}

std::uint32_t parse_below(Cursor& in, std::uint32_t limit) {
  const std::uint32_t value = in.number();
  if (value >= limit) in.fail("expected a number below " + std::to_string(limit));
  return value;
}

void parse_ip_field(Cursor& in, ScriptSegment& segment) {
  if (in.accept("df")) {
    segment.dont_fragment = true;
  } else if (in.accept("nodf")) {
    segment.dont_fragment = false;
  } else if (in.accept("id")) {
    segment.new_identification = !segment.is_inbound && in.accept("new");
    if (!segment.new_identification) segment.identification = parse_16(in);
  } else if (in.accept("flow")) {
    segment.same_flow_label = !segment.is_inbound && in.accept("same");
    if (!segment.same_flow_label) segment.flow_label = parse_below(in, 1U << 20);
  } else if (in.accept("reserved")) {
    segment.reserved = static_cast<std::uint8_t>(parse_below(in, 8));
    if (!segment.is_inbound) in.fail("reserved bits of ours must be zero: leave '[reserved]' out");
  } else if (in.accept("ttl")) {
    segment.hop_limit = static_cast<std::uint8_t>(parse_below(in, 256));
  } else {
    in.fail("expected one of tos noecn ect0 ect1 ce ttl df nodf id flow reserved in '[...]'");
  }
}

void parse_ip_info(Cursor& in, ScriptSegment& segment) {
  if (!in.accept("[")) return;
  while (!in.accept("]")) {
    if (in.accept("tos")) {
      segment.traffic_class = static_cast<std::uint8_t>(in.number());
    } else if (in.accept("noecn")) {
      segment.traffic_class = std::uint8_t{0};
    } else if (in.accept("ect1")) {
      segment.traffic_class = std::uint8_t{1};
    } else if (in.accept("ect0")) {
      segment.traffic_class = std::uint8_t{2};
    } else if (in.accept("ce")) {
      segment.traffic_class = std::uint8_t{3};
    } else {
      parse_ip_field(in, segment);
    }
    in.accept(",");
  }
}

ScriptSegment parse_segment(Cursor& in, bool is_inbound) {
  ScriptSegment segment;
  segment.is_inbound = is_inbound;
  parse_ip_info(in, segment);
  segment.flags = parse_flags(in);
  parse_numbers(in, segment);
  if (in.accept("ack")) {
    segment.any_ack = in.accept("*");
    segment.ack = segment.any_ack ? 0 : in.number();
  }
  if (in.accept("win")) segment.window = parse_16(in);
  if (in.accept("urg")) segment.urgent = parse_16(in);
  if (in.accept("<")) parse_options(in, segment);
  const bool has_ack_flag = (segment.flags & TcpFlags::kAck) != 0;
  if (has_ack_flag != segment.ack.has_value()) in.fail("flag '.' and 'ack N' go together");
  const bool is_reset = (segment.flags & TcpFlags::kRst) != 0;
  if (is_inbound && !segment.window && !is_reset) in.fail("an inbound segment needs 'win N'");
  if (is_inbound && (segment.any_seq || segment.any_ack)) {
    in.fail("'*' can only be expected: an inbound segment needs its numbers");
  }
  if (is_inbound && segment.any_options) in.fail("an inbound segment needs its options");
  return segment;
}

// "raw { 45 00 length }": words, split at spaces; comments are not looked for inside.
ScriptRaw parse_raw(Cursor& in, bool is_inbound) {
  ScriptRaw raw;
  raw.is_inbound = is_inbound;
  in.expect("{");
  std::string word;
  for (const char c : std::string(in.until("}")) + ' ') {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      word += c;
    } else if (!word.empty()) {
      raw.words.push_back(std::exchange(word, {}));
    }
  }
  if (const std::string fault = template_fault(raw); !fault.empty()) in.fail(fault);
  return raw;
}

// "unreachable frag_needed mtu 1400 [1:1461(1460)]"; ours quote what came in: "[last]" or "[*]".
ScriptIcmp parse_icmp(Cursor& in, bool is_inbound) {
  ScriptIcmp icmp;
  icmp.is_inbound = is_inbound;
  icmp.type = in.word();
  const auto is_number_next = [&] {
    if (in.accept("mtu")) {
      icmp.word = in.number();
    } else if (in.accept("pointer")) {
      icmp.pointer = in.number();
    } else {
      return false;
    }
    return true;
  };
  if (in.peek() != '[' && !is_number_next()) {
    icmp.code = in.word();
    is_number_next();
  }
  in.expect("[");
  if (is_inbound) {
    icmp.quoted_length = parse_range(in, icmp.quoted_seq);
  } else if (!in.accept("last")) {
    icmp.any_quote = in.accept("*");
    if (!icmp.any_quote) in.fail("an ICMP error of ours quotes what came in: [last], or any: [*]");
  }
  in.expect("]");
  if (const std::string fault = icmp_fault(icmp); !fault.empty()) in.fail(fault);
  return icmp;
}

// Arguments are split at the commas that stand outside of brackets and strings.
std::vector<std::string> parse_arguments(Cursor& in) {
  std::vector<std::string> arguments;
  std::string current;
  bool in_string = false;
  for (int depth = 1; depth > 0; in.take(1)) {
    const char c = in.raw_peek();
    if (c == '\0') in.fail("a call that does not end");
    if (c == '"') in_string = !in_string;
    if (!in_string && (c == '(' || c == '[' || c == '{')) ++depth;
    if (!in_string && (c == ')' || c == ']' || c == '}')) --depth;
    if (depth == 0 || (depth == 1 && c == ',' && !in_string)) {
      if (depth != 0 || !trim(current).empty()) arguments.emplace_back(trim(current));
      current.clear();
    } else {
      current += c;
    }
  }
  return arguments;
}

ScriptCall parse_call(Cursor& in) {
  ScriptCall call;
  call.name = in.word();
  in.expect("(");
  call.arguments = parse_arguments(in);
  in.expect("=");
  if (in.accept("?")) return call;
  const bool negative = in.accept("-");
  const auto value = static_cast<long long>(in.number());
  call.result = negative ? -value : value;
  if (in.peek() != 'E') return call;
  call.error = in.word();
  if (in.accept("(")) in.until(")");
  return call;
}

ScriptCheck parse_check(std::string_view inside) {
  ScriptCheck check;
  for (;;) {
    const std::size_t comma = inside.find_first_of(",;\n");
    const std::string_view condition = trim(inside.substr(0, comma));
    if (!condition.empty()) check.conditions.emplace_back(condition);
    if (comma == std::string_view::npos) return check;
    inside.remove_prefix(comma + 1);
  }
}

ScriptEvent parse_event(Cursor& in) {
  ScriptEvent event;
  in.peek();
  event.line = in.line();
  const std::size_t begin = in.position();
  event.time = parse_time(in);
  const bool is_inbound = in.peek() == '<';
  if (in.accept("%{")) {
    event.action = parse_check(in.until("}%"));
  } else if (!in.accept("<") && !in.accept(">")) {
    event.action = parse_call(in);
  } else if (in.accept("raw")) {
    event.action = parse_raw(in, is_inbound);
  } else if (in.accept("icmp")) {
    event.action = parse_icmp(in, is_inbound);
  } else {
    event.action = parse_segment(in, is_inbound);
  }
  event.text = in.since(begin);
  return event;
}

constexpr std::string_view kNoteKeys[] = {"as",    "reason",      "verdict",     "event",
                                          "port",  "quoted_port", "to",          "from",
                                          "batch", "corrupt",     "raw_options", "text"};

// "// reason: NewData; port: 5001 - and prose": known keys are notes, everything else is for
// people.
void add_notes(std::string_view comment, std::map<std::string, std::string>& notes) {
  for (const std::string_view key : kNoteKeys) {
    const std::size_t found = comment.find(std::string(key) + ':');
    if (found == std::string_view::npos) continue;
    if (found > 0 && is_word(comment[found - 1])) continue;
    std::string_view value = comment.substr(found + key.size() + 1);
    value = value.substr(0, value.find_first_of(";("));
    value = value.substr(0, value.find(" - "));
    notes[std::string(key)] = trim(value);
  }
}

void attach_notes(const std::vector<Comment>& comments, std::vector<ScriptEvent>& events) {
  for (const Comment& comment : comments) {
    for (ScriptEvent& event : events) {
      const int last = event.line + static_cast<int>(std::ranges::count(event.text, '\n'));
      if (comment.line < event.line || comment.line > last) continue;
      add_notes(comment.text, event.notes);
      break;
    }
  }
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!(text = trim(text)).empty()) {
    const std::size_t end = text.find_first_of(" \t,");
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return words;
}

ScriptSettings parse_settings(const Comment& comment) {
  ScriptSettings settings;
  for (const std::string& pair : split_words(comment.text.substr(3))) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      throw ParseError("line " + std::to_string(comment.line) + ": '//:' needs key=value");
    }
    settings.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return settings;
}

// Above the first event it is the stack's, further down it is an event of its own.
void place_settings(const Comment& comment, Script& script) {
  ScriptSettings settings = parse_settings(comment);
  const auto place = std::ranges::find_if(
      script.events, [&](const ScriptEvent& event) { return event.line > comment.line; });
  if (place == script.events.begin()) {
    script.settings.insert(script.settings.end(), settings.begin(), settings.end());
    return;
  }
  ScriptEvent event;
  event.line = comment.line;
  event.text = comment.text;
  event.action = std::move(settings);
  script.events.insert(place, std::move(event));
}

void read_file_comments(const std::vector<Comment>& comments, Script& script) {
  for (const Comment& comment : comments) {
    if (comment.text.starts_with("//:")) place_settings(comment, script);
    const std::size_t covers = comment.text.find("COVERS:");
    if (covers == std::string_view::npos) continue;
    for (std::string& id : split_words(comment.text.substr(covers + 7))) {
      script.covers.push_back(std::move(id));
    }
  }
}

}  // namespace

std::string ScriptEvent::note(const std::string& key) const {
  const auto found = notes.find(key);
  return found == notes.end() ? std::string() : found->second;
}

std::string Script::setting(std::string_view key) const {
  for (const auto& [name, value] : std::views::reverse(settings)) {
    if (name == key) return value;
  }
  return {};
}

std::expected<Script, std::string> parse_script(std::string_view text) {
  try {
    Script script;
    Cursor in(text);
    while (!in.at_end()) script.events.push_back(parse_event(in));
    attach_notes(in.comments(), script.events);
    read_file_comments(in.comments(), script);
    return script;
  } catch (const ParseError& error) {
    return std::unexpected(error.what());
  }
}

}  // namespace glasstcp::test
