// Frames, messages and findings, put together by hand.
#include "tests/support/sample_capture.h"

#include <algorithm>

namespace glasstcp::test {
namespace {

using namespace report;  // NOLINT(google-build-using-namespace): it is all about its types

constexpr std::int64_t kStart = 1'790'000'000'000'000'000;
constexpr std::uint32_t kIsn[2] = {3589965652U, 1208044U};
constexpr std::uint32_t kFull = 1448, kSong = 40;  // segments of the song

// What a frame is, before its numbers are filled in.
struct Segment {
  Side from;
  unsigned flags;
  std::uint32_t length = 0;
  std::int64_t after_us = 300;
  std::uint32_t raw_window = 502;
};

// Builds a connection frame by frame: numbers and states follow.
class Builder {
 public:
  Builder(Capture& capture, std::uint32_t number, std::int64_t at_ns)
      : capture_(capture), at_ns_(at_ns) {
    connection_.number = number;
    connection_.stream = number - 1;
    connection_.first_ns = at_ns;
    connection_.roles_are_shown = true;
    connection_.is_http = true;
    for (const Side side : {Side::Client, Side::Server}) {
      End& end = connection_.end(side);
      const bool is_client = side == Side::Client;
      end.endpoint.address = IpAddress::v4(192, 0, 2, is_client ? 1 : 2);
      end.endpoint.port = Port{static_cast<std::uint16_t>(is_client ? 59424 + number : 80)};
      end.isn = kIsn[is_client ? 0 : 1];
      end.isn_is_shown = true;
      end.mss = 1460;
      end.scale = end.offered_scale = static_cast<std::uint8_t>(7);
      end.sack_permitted = end.timestamps = true;
    }
  }

  Frame& add(const Segment& s) {
    at_ns_ += s.after_us * 1000;
    Frame f;
    f.number = ++capture_.frames;
    f.connection = connection_.number - 1;
    f.time_ns = at_ns_;
    const auto me = static_cast<std::size_t>(s.from), peer = 1 - me;
    f.from = s.from;
    f.flags = static_cast<std::uint16_t>(s.flags);
    f.seq = next_[me];
    f.ack = f.has(kAck) ? next_[peer] : 0;
    f.raw_seq = kIsn[me] + static_cast<std::uint32_t>(f.seq);
    f.raw_ack = f.has(kAck) ? kIsn[peer] + static_cast<std::uint32_t>(f.ack) : 0;
    f.length = f.captured = s.length;
    f.raw_window = static_cast<std::uint16_t>(s.raw_window);
    f.window = f.has(kSyn) ? s.raw_window : s.raw_window << 7U;
    f.tcp_header = f.has(kSyn) ? 40 : 32;
    if (s.length == 0 && next_[peer] > 1) f.rtt_ns = 320'000 + std::int64_t{f.number} * 1000;
    f.before = states_;
    move_states(f);
    f.after = states_;
    next_[me] = std::max(next_[me], f.next_seq());
    if (s.length > 0) f.set(Event::Data);
    if (f.has(kFin)) f.set(Event::Fin);
    End& end = connection_.end(s.from);
    ++end.frames;
    end.bytes += s.length;
    end.bytes_sent += s.length;
    connection_.frames.push_back(f);
    connection_.last_ns = at_ns_;
    ++capture_.tcp_frames;
    return connection_.frames.back();
  }

  void handshake() {
    Frame& syn = add({Side::Client, kSyn, 0, 0, 64240});
    syn.set(Event::Syn);
    connection_.handshake_syn = syn.number;
    Frame& syn_ack = add({Side::Server, kSyn | kAck, 0, 412, 65160});
    syn_ack.set(Event::SynAck);
    connection_.handshake_syn_ack = syn_ack.number;
    Frame& ack = add({Side::Client, kAck, 0, 31});
    ack.set(Event::HandshakeAck);
    connection_.handshake_ack = ack.number;
  }

  void put(Side side, State state, Certainty certainty = Certainty::Shown) {
    states_[static_cast<std::size_t>(side)] = {state, state, certainty};
    if (!connection_.frames.empty()) connection_.frames.back().after = states_;
  }

  Connection& connection() { return connection_; }
  void rewind(Side side, std::int64_t to) { next_[static_cast<std::size_t>(side)] = to; }
  [[nodiscard]] std::int64_t next(Side side) const { return next_[static_cast<std::size_t>(side)]; }

 private:
  void move_states(const Frame& f) {
    auto& [client, server] = states_;
    if (f.has(kSyn) && !f.has(kAck)) {
      client = {State::SynSent, State::SynSent, Certainty::Shown};
      server = {State::SynReceived, State::SynReceived, Certainty::Inferred};
    } else if (f.has(kSyn)) {
      server = {State::SynReceived, State::SynReceived, Certainty::Shown};
      client = {State::Established, State::Established, Certainty::Inferred};
    } else if (client.state == State::Established && server.state == State::SynReceived) {
      client.certainty = Certainty::Shown;
      server = {State::Established, State::Established, Certainty::Inferred};
    }
  }

  Capture& capture_;
  Connection connection_;
  std::int64_t at_ns_;
  std::array<std::int64_t, 2> next_{};
  std::array<EndState, 2> states_{EndState{State::Closed, State::Closed, Certainty::Inferred},
                                  EndState{State::Listen, State::Listen, Certainty::Inferred}};
};

Message request(const Frame& f, std::string target) {
  Message m;
  m.is_request = true;
  m.method = "GET", m.target = std::move(target), m.version = "HTTP/1.1";
  m.start_line = m.method + " " + m.target + " " + m.version;
  m.headers = {{"Host", "192.0.2.2"}, {"Accept", "*/*"}};
  m.head_bytes = f.length;
  m.is_complete = true;
  m.first_frame = m.last_frame = f.number;
  m.first_ns = m.last_ns = f.time_ns;
  m.pieces = {{f.number, 0, f.length}};
  return m;
}

Message response(const Frame& first, const Frame& last, std::uint16_t status) {
  Message m;
  m.from = Side::Server;
  m.status = status;
  m.reason = status == 206 ? "Partial Content" : "OK";
  m.version = "HTTP/1.1";
  m.start_line = "HTTP/1.1 " + std::to_string(status) + " " + m.reason;
  m.framing = BodyFraming::Length;
  m.is_complete = true;
  m.first_frame = first.number, m.last_frame = last.number;
  m.first_ns = first.time_ns, m.last_ns = last.time_ns;
  return m;
}

void add_page(Builder& b, const std::string& hostile) {
  Connection& c = b.connection();
  const Frame asked = b.add({Side::Client, kAck | kPsh, 310, 900});
  c.messages.push_back(request(asked, "/" + hostile));
  c.messages.back().headers.emplace_back("User-Agent", "test" + hostile);
  c.messages.back().partner = 1;
  b.add({Side::Server, kAck, 0, 90});
  const Frame sent = b.add({Side::Server, kAck | kPsh, 812, 1500});
  Message m = response(sent, sent, 200);
  m.headers = {{"Content-Type", "text/html; charset=utf-8"}, {"Content-Length", "600"}};
  m.head_bytes = 212, m.body_bytes = m.content_bytes = 600, m.media_type = "text/html";
  m.body_begin = "<!DOCTYPE html>\n<title>" + hostile + "</title>\n<img src=\"img/logo.jpg\">\n";
  m.pieces = {{sent.number, 0, 812}};
  m.partner = 0;
  c.messages.push_back(m);
  b.add({Side::Client, kAck, 0, 40});
}

void add_song(Builder& b) {
  Connection& c = b.connection();
  const Frame asked = b.add({Side::Client, kAck | kPsh, 340, 4000});
  c.messages.push_back(request(asked, "/img/idol.mp3"));
  c.messages.back().headers.emplace_back("Range", "bytes=0-");
  c.messages.back().partner = 3;
  const std::size_t begin = c.frames.size();
  Message m = response(asked, asked, 206);
  std::uint64_t offset = 0;
  for (std::uint32_t i = 0; i < kSong; ++i) {
    const bool is_last = i + 1 == kSong;
    const Frame f =
        b.add({Side::Server, is_last ? kAck | kPsh : kAck | 0U, kFull, i % 8 == 0 ? 2100 : 12});
    m.pieces.push_back({f.number, offset, offset + kFull});
    offset += kFull;
    if (i % 2 == 1 || is_last) b.add({Side::Client, kAck, 0, 25, 502 - i * 10});
    if (i == 20) {
      const std::int64_t next = b.next(Side::Server);
      b.rewind(Side::Server, next - 4 * std::int64_t{kFull});
      Frame& again = b.add({Side::Server, kAck, kFull, 1800});
      again.set(Event::Retransmission);
      again.set(Event::FastRetransmission);
      b.rewind(Side::Server, next);
      ++c.end(Side::Server).retransmissions;
    }
  }
  c.frames.back().set(Event::PureAck);
  Frame& update = b.add({Side::Client, kAck, 0, 2600, 502});
  update.set(Event::WindowUpdate);
  m.first_frame = c.frames[begin].number, m.first_ns = c.frames[begin].time_ns;
  m.last_frame = m.pieces.back().frame, m.last_ns = update.time_ns - 2'600'000;
  m.headers = {{"Content-Type", "audio/mpeg"}, {"Content-Range", "bytes 0-57667/57668"}};
  m.head_bytes = 252, m.body_bytes = m.content_bytes = 57668, m.media_type = "audio/mpeg";
  m.body_begin = std::string("ID3\x04\0\0\0\xff\xfb\x90", 10);
  m.range_first = 0, m.range_last = 57667, m.range_total = 57668;
  m.partner = 2;
  c.messages.push_back(m);
}

void add_close(Builder& b) {
  Connection& c = b.connection();
  c.close.ending = Ending::Closed;
  c.close.first = c.close.time_wait = Side::Client;
  c.close.segments = 3;
  c.close.first_fin = b.add({Side::Client, kFin | kAck, 0, 3200}).number;
  b.put(Side::Client, State::FinWait1);
  b.put(Side::Server, State::CloseWait, Certainty::Inferred);
  c.close.second_fin = c.close.ack_of_first_fin = b.add({Side::Server, kFin | kAck, 0, 160}).number;
  b.put(Side::Server, State::LastAck);
  b.put(Side::Client, State::TimeWait, Certainty::Inferred);
  c.close.ack_of_second_fin = b.add({Side::Client, kAck, 0, 22}).number;
  c.frames.back().set(Event::FinAcknowledged);
  b.put(Side::Client, State::TimeWait);
  b.put(Side::Server, State::Closed, Certainty::Inferred);
}

Finding finding(FindingKind kind, std::vector<Evidence> frames, std::vector<Value> values) {
  Finding f{};
  f.kind = kind;
  f.is_shown = !frames.empty();
  f.connection = 0;
  f.frames = std::move(frames);
  f.values = std::move(values);
  return f;
}

void add_findings(Capture& c, const std::string& hostile) {
  const Connection& one = c.connections[0];
  const Message& song = one.messages[3];
  const Close& close = one.close;
  using enum FindingKind;
  c.findings = {
      finding(WhyThreeHandshakes, {{Role::Syn, 1}, {Role::SynAck, 2}, {Role::Ack, 3}},
              {{ValueName::ClientIsn, kIsn[0], ""}, {ValueName::ServerIsn, kIsn[1], ""}}),
      finding(WhySeqZero, {{Role::Syn, 1}, {Role::SynAck, 2}},
              {{ValueName::ClientIsn, kIsn[0], ""}, {ValueName::ServerIsn, kIsn[1], ""}}),
      finding(WhyThreeCloses,
              {{Role::FirstFin, close.first_fin},
               {Role::SecondFin, close.second_fin},
               {Role::AckOfSecondFin, close.ack_of_second_fin}},
              {{ValueName::ActiveSide, 0, ""}}),
      finding(WhyTwoMsl, {{Role::LastAck, close.ack_of_second_fin}},
              {{ValueName::WaitingSide, 0, ""}}),
      finding(WhyPush, {{Role::LastSegment, song.last_frame}},
              {{ValueName::BytesOfMessage, 57920, ""}, {ValueName::SegmentsOfMessage, kSong, ""}}),
      finding(WhyPartialContent,
              {{Role::Request, one.messages[2].first_frame}, {Role::Response, song.first_frame}},
              {{ValueName::Range, 0, "bytes=0-" + hostile},
               {ValueName::ContentRange, 0, "bytes 0-57667/57668"},
               {ValueName::RangeFirst, 0, ""},
               {ValueName::RangeLast, 57667, ""},
               {ValueName::RangeTotal, 57668, ""},
               {ValueName::IsWhole, 1, ""}}),
      finding(WhyNotModified, {}, {}),
  };
}

}  // namespace

Capture sample_capture(const std::string& hostile) {
  Capture c;
  c.file_name = "page" + hostile + ".pcapng";
  c.sha256 = std::string(64, 'a');
  c.is_pcapng = true;
  c.application = "glasstcp 0.1.0" + hostile;
  c.interfaces.push_back({"tun0", 101, 0, 0, false});
  c.first_ns = kStart;
  Builder page(c, 1, kStart);
  page.handshake();
  add_page(page, hostile);
  add_song(page);
  add_close(page);
  c.last_ns = page.connection().last_ns;
  Builder idle(c, 2, kStart + 700'000);
  idle.handshake();
  Frame& reset = idle.add({Side::Client, kRst | kAck, 0, 90'000});
  reset.set(Event::Reset);
  idle.put(Side::Client, State::Closed);
  idle.put(Side::Server, State::Closed, Certainty::Inferred);
  idle.connection().is_idle = true;
  idle.connection().close.ending = Ending::Reset;
  idle.connection().close.first = Side::Client;
  idle.connection().resets.push_back(
      {reset.number, Side::Client, false, 0, {ResetCause::Aborted, ResetCause::UnreadData}, 0});
  c.connections = {page.connection(), idle.connection()};
  c.resources.push_back(
      {"img/logo.jpg" + hostile, "/img/logo.jpg", 0, 1, ResourceFate::NotVisible, 0, 0, ""});
  add_findings(c, hostile);
  return c;
}

}  // namespace glasstcp::test
