// See analyze.h. First every frame is read, in the order of the file; then each connection is
// looked at as a whole.
#include "tun/report/analyze.h"

#include <algorithm>
#include <map>

#include "tun/report/capture_bytes.h"
#include "tun/report/closing.h"
#include "tun/report/end_states.h"
#include "tun/report/fragments.h"
#include "tun/report/frame_parser.h"
#include "tun/report/html_links.h"
#include "tun/report/http_messages.h"
#include "tun/report/link_layer.h"
#include "tun/report/questions.h"
#include "tun/report/streams.h"
#include "tun/report/tracker.h"

namespace glasstcp::report {
namespace {

constexpr std::string_view kMachinePrefix = "glasstcp/1: ";

class FileReader {
 public:
  FileReader(Capture& capture, ByteView bytes)
      : capture_(capture), reader_(bytes), tracker_(capture) {}

  void read() {
    while (const auto packet = reader_.next()) take(*packet);
    capture_.stopped = reader_.error();
    capture_.is_pcapng = reader_.is_pcapng();
    capture_.reassembled = fragments_.kept();
  }

 private:
  void take(const CapturedPacket& packet) {
    note_section();
    if (capture_.frames == 0) capture_.first_ns = capture_.last_ns = packet.time_ns;
    capture_.frames = packet.number;
    capture_.first_ns = std::min(capture_.first_ns, packet.time_ns);
    capture_.last_ns = std::max(capture_.last_ns, packet.time_ns);
    const std::size_t interface = first_interface_ + packet.interface;
    note_interfaces();
    if (interface < capture_.interfaces.size()) ++capture_.interfaces[interface].frames;
    if (packet.data.size() < packet.original_length) ++capture_.cut_frames;
    const auto unused = take_frame(
        packet, static_cast<std::uint16_t>(std::min<std::size_t>(interface, UINT16_MAX)));
    if (unused) count(*unused, packet.number);
  }

  // Interfaces of a new section are numbered from 0 again.
  void note_section() {
    if (reader_.sections() == section_) return;
    section_ = reader_.sections();
    first_interface_ = capture_.interfaces.size();
    if (capture_.application.empty()) capture_.application = reader_.application();
    if (capture_.section_comment.empty()) capture_.section_comment = reader_.section_comment();
    if (reader_.application().starts_with("glasstcp")) capture_.is_ours = true;
  }

  void note_interfaces() {
    const auto described = reader_.interfaces();
    while (capture_.interfaces.size() - first_interface_ < described.size()) {
      const CapturedInterface& one = described[capture_.interfaces.size() - first_interface_];
      Interface interface;
      interface.name = one.name;
      interface.link_type = one.link_type;
      interface.snap_length = one.snap_length;
      interface.holds_dropped = capture_.is_ours && one.name.ends_with("-dropped");
      capture_.interfaces.push_back(std::move(interface));
    }
  }

  std::optional<Unused> take_frame(const CapturedPacket& packet, std::uint16_t interface) {
    const LinkPayload link = take_link_header(packet.link_type, packet.data);
    switch (link.kind) {
      case LinkPayload::Kind::Ip:
        break;
      case LinkPayload::Kind::Other:
        return Unused::NotIp;
      case LinkPayload::Kind::TooShort:
        return Unused::TooShort;
      case LinkPayload::Kind::UnknownType:
        return Unused::UnknownLinkType;
    }
    const auto link_header = static_cast<std::uint32_t>(packet.data.size() - link.packet.size());
    ByteView whole = link.packet;
    std::uint32_t wire = std::max<std::uint32_t>(packet.original_length, link_header) - link_header;
    wire = std::max(wire, static_cast<std::uint32_t>(whole.size()));
    std::uint32_t events = 0;
    const auto add_event = [&events](Event e) { events |= 1U << static_cast<unsigned>(e); };
    if (packet.data.size() < packet.original_length) add_event(Event::CutBySnapLength);
    if (Fragments::is_fragment(whole)) {
      const auto put_together = fragments_.add(whole, packet.time_ns);
      if (!put_together) return put_together.error();
      whole = *put_together;
      wire = static_cast<std::uint32_t>(whole.size());
      add_event(Event::Reassembled);
    }
    const auto segment = parse_packet(whole, wire);
    if (!segment) return segment.error();
    const bool is_dropped =
        interface < capture_.interfaces.size() && capture_.interfaces[interface].holds_dropped;
    if (is_dropped) add_event(Event::NeverArrived);
    const CapturedSegment captured{.segment = *segment,
                                   .number = packet.number,
                                   .time_ns = packet.time_ns,
                                   .wire_length = packet.original_length,
                                   .interface = interface,
                                   .direction = packet.direction,
                                   .comment = note_comments(packet),
                                   .events = events};
    if (!tracker_.add(captured)) return Unused::BeyondLimit;
    return std::nullopt;
  }

  std::uint32_t note_comments(const CapturedPacket& packet) {
    if (packet.comment_count == 0) return 0;
    FrameComment comment;
    for (const std::string_view text : packet.comments()) {
      if (text.starts_with(kMachinePrefix)) {
        comment.machine = text.substr(kMachinePrefix.size());
        capture_.is_ours = true;
      } else if (comment.sentence.empty()) {
        comment.sentence = text;
      } else {
        comment.notes.push_back(text);
      }
    }
    capture_.comments.push_back(std::move(comment));
    return static_cast<std::uint32_t>(capture_.comments.size() - 1);
  }

  void count(Unused why, FrameNumber number) {
    const auto at = std::ranges::find(capture_.unused, why, &UnusedFrames::why);
    if (at != capture_.unused.end()) {
      ++at->count;
    } else {
      capture_.unused.push_back({why, 1, number});
    }
  }

  Capture& capture_;
  CaptureReader reader_;
  Tracker tracker_;
  Fragments fragments_;
  std::uint32_t section_ = 0;
  std::size_t first_interface_ = 0;
};

// Without a SYN the lower port was taken for the server: a request tells better.
void correct_roles(Connection& c) {
  if (c.roles_are_shown) return;
  const auto is_reversed = [](const Frame& f) {
    return f.from == Side::Server ? begins_request(f.payload()) : begins_response(f.payload());
  };
  if (std::ranges::none_of(c.frames, is_reversed)) return;
  std::swap(c.ends[0], c.ends[1]);
  for (Frame& f : c.frames) f.from = other(f.from);
}

void count_stream(Connection& c) {
  for (const Side side : {Side::Client, Side::Server}) {
    End& end = c.end(side);
    std::uint64_t covered = 0;
    for (const Run& run : stream_of(c, side)) {
      // Before the capture began there may have been any number of bytes; they are no gap.
      if (covered != 0 || end.isn_is_shown) end.missing += run.begin - covered;
      end.bytes += run.length;
      covered = run.end();
    }
  }
  const Ending ending = c.close.ending;
  const bool has_end = ending != Ending::Open && ending != Ending::HalfClosed;
  const auto is_unseen = [](const Frame& f) { return f.is(Event::AcksUnseen); };
  c.is_complete = c.handshake_syn != 0 && c.handshake_syn_ack != 0 && c.handshake_ack != 0 &&
                  has_end && c.ends[0].missing == 0 && c.ends[1].missing == 0 &&
                  std::ranges::none_of(c.frames, is_unseen);
}

void analyze_connections(Capture& capture) {
  std::vector<PagesOf> pages;
  for (std::uint32_t i = 0; i < capture.connections.size(); ++i) {
    Connection& c = capture.connections[i];
    correct_roles(c);
    infer_states(capture, c);
    find_close(c);
    find_resets(capture, c);
    count_stream(c);
    std::vector<Page> found = read_messages(c);
    if (!found.empty()) pages.push_back({i, std::move(found)});
  }
  find_resources(capture, pages);
  answer_questions(capture);
}

std::expected<Capture, std::string> analyze(CaptureBytes bytes, std::string name) {
  Capture capture;
  capture.bytes = bytes.owner;
  FileReader(capture, bytes.view).read();
  if (capture.stopped == CaptureError::NotACapture) {
    return std::unexpected("'" + name + "' " + what_it_is_instead(bytes.view));
  }
  if (capture.frames == 0) {
    const std::string why =
        capture.stopped ? ": " + std::string(name_of(*capture.stopped)) : std::string();
    return std::unexpected("'" + name + "' holds no packet" + why);
  }
  const std::size_t slash = name.rfind('/');
  capture.file_name = slash == std::string::npos ? name : name.substr(slash + 1);
  capture.file_bytes = bytes.view.size();
  capture.sha256 = sha256_of(bytes.view);
  analyze_connections(capture);
  return capture;
}

}  // namespace

std::expected<Capture, std::string> analyze_file(const std::string& path) {
  auto bytes = open_capture(path);
  if (!bytes) return std::unexpected(bytes.error());
  return analyze(*std::move(bytes), path);
}

std::expected<Capture, std::string> analyze_open(CaptureBytes bytes, std::string name) {
  return analyze(std::move(bytes), std::move(name));
}

std::expected<Capture, std::string> analyze_bytes(ByteView bytes, std::string name) {
  auto copy = std::make_shared<std::vector<std::uint8_t>>(bytes.begin(), bytes.end());
  const ByteView view(*copy);
  return analyze({view, copy}, std::move(name));
}

}  // namespace glasstcp::report
