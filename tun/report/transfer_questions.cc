// See transfer_questions.h.
#include "tun/report/transfer_questions.h"

#include <algorithm>
#include <array>

#include "tun/report/answers.h"

namespace glasstcp::report {
namespace {

constexpr std::uint32_t kMostOptions = 40;  // bytes of a TCP header (RFC 9293 §3.1)

std::int64_t bytes_of(const Message& m) {
  return static_cast<std::int64_t>(m.head_bytes + m.body_bytes);
}

// The longest segment with data of an end, of those that no network card merged; null: none.
const Frame* longest_segment(const Connection& c, Side from) {
  const Frame* longest = nullptr;
  for (const Frame& f : c.frames) {
    if (f.from != from || f.length == 0 || f.is(Event::Offloaded)) continue;
    if (longest == nullptr || f.length > longest->length) longest = &f;
  }
  return longest;
}

void ask_syn_data(Capture& capture) {
  Answers answers(capture, Kind::WhySynWithoutData);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    const Frame* const syn = c.find(c.handshake_syn);
    if (syn == nullptr || i > 0) return;  // one is enough: they are alike
    answers.add(i, {{Role::Syn, syn->number}}, {number_of(Name::BytesOfSyn, syn->length)});
  });
}

void ask_mss(Capture& capture) {
  Answers answers(capture, Kind::WhyMss);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    const bool is_told = c.ends[0].mss.has_value() && c.ends[1].mss.has_value();
    if (!is_told || c.handshake_syn == 0 || c.handshake_syn_ack == 0 || i > 0) return;
    std::vector<Evidence> frames{{Role::Syn, c.handshake_syn}, {Role::SynAck, c.handshake_syn_ack}};
    std::vector<Value> values;
    if (const Frame* const longest = longest_segment(c, Side::Server)) {
      frames.push_back({Role::First, longest->number});
      values.push_back(number_of(Name::FullBytes, longest->length));
    }
    answers.add(i, std::move(frames), std::move(values));
  });
}

// The data segments of a message and the longest of them.
struct Cut {
  std::int64_t segments = 0;
  std::uint32_t longest = 0, last = 0;
};
Cut cut_of(const Connection& c, const Message& m) {
  Cut cut;
  for (const Piece& piece : m.pieces) {
    const Frame* const f = c.find(piece.frame);
    if (f == nullptr) continue;
    ++cut.segments;
    cut.longest = std::max(cut.longest, f->length);
    cut.last = static_cast<std::uint32_t>(piece.end - piece.begin);
  }
  return cut;
}

// The longest response of each connection that needed more than one segment.
void ask_segments(Capture& capture) {
  Answers answers(capture, Kind::WhySegments);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    const auto longest = std::ranges::max_element(c.messages, {}, [](const Message& m) {
      return m.is_request || !m.is_complete ? -1 : bytes_of(m);
    });
    if (longest == c.messages.end() || longest->is_request || !longest->is_complete) return;
    const Cut cut = cut_of(c, *longest);
    // Shorter ones are the sender's writes (WhySmallWrites), not cut.
    const std::uint32_t full = c.ends[0].mss.value_or(536) - kMostOptions;
    if (cut.segments < 2 || cut.longest < full) return;
    answers.add(i, {{Role::First, longest->first_frame}, {Role::Last, longest->last_frame}},
                {number_of(Name::SegmentsOfMessage, cut.segments),
                 number_of(Name::BytesOfMessage, bytes_of(*longest)),
                 number_of(Name::FullBytes, cut.longest), number_of(Name::LastBytes, cut.last)},
                static_cast<std::uint32_t>(longest - c.messages.begin()));
  });
}

// The server's first data until the first ACK of it, where more of the same response waited: what
// was sent is then what the initial window allows (RFC 6928 §2).
void ask_initial_window(Capture& capture) {
  Answers answers(capture, Kind::WhyInitialWindow);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    const auto response =
        std::ranges::find_if(c.messages, [](const Message& m) { return !m.is_request; });
    if (response == c.messages.end() || !c.ends[0].isn_is_shown) return;
    std::int64_t bytes = 0, segments = 0;
    const Frame* first = nullptr;
    const Frame* last = nullptr;
    const std::uint32_t mss = c.ends[0].mss.value_or(536);
    for (const Frame& f : c.frames) {
      const bool is_ack_of_it =
          first != nullptr && f.from == Side::Client && f.has(kAck) && f.ack > first->seq;
      if (is_ack_of_it) {
        const bool is_more = bytes < bytes_of(*response);
        if (!is_more || bytes < mss) return;
        answers.add(
            i, {{Role::First, first->number}, {Role::Last, last->number}, {Role::Ack, f.number}},
            {number_of(Name::SegmentsOfMessage, segments), number_of(Name::BytesOfMessage, bytes)});
        return;
      }
      if (f.from != Side::Server || f.length == 0 || f.is(Event::Retransmission)) continue;
      if (first == nullptr) first = &f;
      last = &f;
      bytes += f.length;
      segments += (f.length + mss - 1) / mss;
    }
  });
}

// RFC 9293 §3.8.6.3: an ACK says what has come without a gap, and may wait for a second segment.
void ask_acks(Capture& capture) {
  constexpr std::int64_t kLeastSegments = 6;
  Answers answers(capture, Kind::WhyFewerAcks);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    const Side sender =
        c.end(Side::Client).bytes > c.end(Side::Server).bytes ? Side::Client : Side::Server;
    std::int64_t segments = 0, acks = 0;
    const Frame* most = nullptr;
    for (const Frame& f : c.frames) {
      if (f.from == sender) {
        segments += f.length > 0 && !f.is(Event::Retransmission) ? 1 : 0;
      } else if (f.newly_acked > 0 && f.ack > 1 && !f.has(kSyn) && !f.has(kFin)) {
        ++acks;
        if (most == nullptr || f.newly_acked > most->newly_acked) most = &f;
      }
    }
    if (segments < kLeastSegments || most == nullptr || acks >= segments) return;
    answers.add(i, {{Role::Ack, most->number}},
                {number_of(Name::SegmentsOfMessage, segments), number_of(Name::Acks, acks),
                 number_of(Name::FullBytes, most->newly_acked),
                 number_of(Name::WaitingSide, static_cast<std::int64_t>(other(sender)))});
  });
}

// RFC 9293 §3.7.4: by Nagle's algorithm a short segment waits while data is in flight.
void add_short_segment(Answers& answers, const Connection& c, std::uint32_t i) {
  std::array<const Frame*, 2> short_one{};  // the last short segment of an end, not acknowledged
  std::array<std::uint32_t, 2> full{};
  for (const Side side : {Side::Client, Side::Server}) {
    const Frame* const longest = longest_segment(c, side);
    full[static_cast<std::size_t>(side)] = longest != nullptr ? longest->length : 0;
  }
  for (const Frame& f : c.frames) {
    const auto from = static_cast<std::size_t>(f.from);
    const Frame*& theirs = short_one[1 - from];
    if (theirs != nullptr && f.has(kAck) && f.ack >= theirs->next_seq()) theirs = nullptr;
    if (f.length == 0 || f.is(Event::Retransmission) || f.length >= full[from]) continue;
    const std::uint32_t before = f.flight - std::min(f.flight, f.span());
    if (before > 0 && !f.has(kSyn)) {
      answers.add(i, {{Role::First, f.number}},
                  {number_of(Name::LastBytes, f.length), number_of(Name::BytesBetween, before),
                   number_of(Name::IsCertain, short_one[from] != nullptr ? 1 : 0),
                   number_of(Name::ActiveSide, static_cast<std::int64_t>(f.from))});
      return;
    }
    short_one[from] = &f;
  }
}

void ask_nagle(Capture& capture) {
  Answers answers(capture, Kind::WhyNagle);
  for_each(capture,
           [&](const Connection& c, std::uint32_t i) { add_short_segment(answers, c, i); });
}

// One answer for the capture: the first response of each type.
void ask_mime_types(Capture& capture) {
  constexpr std::size_t kMostTypes = 8;
  Answers answers(capture, Kind::WhyMimeType);
  std::vector<Evidence> frames;
  std::vector<Value> values;
  std::uint32_t connection = 0;
  for_each_message(capture,
                   [&](const Connection&, std::uint32_t i, const Message& m, std::uint32_t) {
                     if (m.is_request || m.media_type.empty() || values.size() == kMostTypes)
                       return;
                     if (std::ranges::find(values, m.media_type, &Value::text) != values.end())
                       return;
                     if (values.empty()) connection = i;
                     frames.push_back({Role::Response, m.first_frame});
                     values.push_back(text_of(Name::MediaType, m.media_type));
                   });
  if (!values.empty()) answers.add(connection, std::move(frames), std::move(values));
}

void ask_persistent(Capture& capture) {
  Answers answers(capture, Kind::WhyPersistent);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    const Message* first = nullptr;
    const Message* last = nullptr;
    std::int64_t requests = 0;
    for (const Message& m : c.messages) {
      if (!m.is_request) continue;
      if (requests++ == 0) first = &m;
      last = &m;
    }
    if (requests < 2) return;
    answers.add(i, {{Role::First, first->first_frame}, {Role::Last, last->first_frame}},
                {number_of(Name::Requests, requests)});
  });
}

}  // namespace

void ask_about_syns(Capture& capture) {
  ask_syn_data(capture);
  ask_mss(capture);
}

void ask_about_segments(Capture& capture) {
  ask_segments(capture);
}

void ask_about_pace(Capture& capture) {
  ask_initial_window(capture);
  ask_acks(capture);
  ask_nagle(capture);
}

void ask_about_messages(Capture& capture) {
  ask_mime_types(capture);
  ask_persistent(capture);
}

}  // namespace glasstcp::report
