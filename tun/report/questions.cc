// Each question is one function that looks for what shows its answer.
#include "tun/report/questions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tun/report/answers.h"
#include "tun/report/transfer_questions.h"

namespace glasstcp::report {
namespace {

std::vector<Value> initial_numbers(const Connection& c) {
  std::vector<Value> values;
  if (c.ends[0].isn_is_shown) values.push_back(number_of(Name::ClientIsn, *c.ends[0].isn));
  if (c.ends[1].isn_is_shown) values.push_back(number_of(Name::ServerIsn, *c.ends[1].isn));
  return values;
}

void ask_handshake(Capture& capture) {
  {
    Answers three(capture, Kind::WhyThreeHandshakes);
    for_each(capture, [&](const Connection& c, std::uint32_t i) {
      if (c.handshake_syn == 0 || c.handshake_syn_ack == 0 || c.handshake_ack == 0) return;
      three.add(i,
                {{Role::Syn, c.handshake_syn},
                 {Role::SynAck, c.handshake_syn_ack},
                 {Role::Ack, c.handshake_ack}},
                initial_numbers(c));
    });
  }
  Answers zero(capture, Kind::WhySeqZero);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    if (c.handshake_syn == 0 || c.handshake_syn_ack == 0) return;
    zero.add(i, {{Role::Syn, c.handshake_syn}, {Role::SynAck, c.handshake_syn_ack}},
             initial_numbers(c));
  });
}

std::int64_t data_between_fins(const Connection& c) {
  std::int64_t bytes = 0;
  for (const Frame& f : c.frames) {
    const bool is_between = f.number > c.close.first_fin && f.number <= c.close.second_fin;
    if (is_between && !f.is(Event::Retransmission)) bytes += f.length;
  }
  return bytes;
}

std::vector<Evidence> close_frames(const Close& close) {
  std::vector<Evidence> frames{{Role::FirstFin, close.first_fin}};
  if (close.ack_of_first_fin != 0) frames.push_back({Role::AckOfFirstFin, close.ack_of_first_fin});
  if (close.second_fin != 0) frames.push_back({Role::SecondFin, close.second_fin});
  if (close.ack_of_second_fin != 0) {
    frames.push_back({Role::AckOfSecondFin, close.ack_of_second_fin});
  }
  return frames;
}

void ask_close(Capture& capture) {
  const auto values = [](const Connection& c) {
    return std::vector<Value>{
        number_of(Name::HalfClosedNs, c.close.half_closed_ns),
        number_of(Name::BytesBetween, data_between_fins(c)),
        number_of(Name::ActiveSide, static_cast<std::int64_t>(c.close.first.value_or(Side{})))};
  };
  {
    Answers four(capture, Kind::WhyFourCloses);
    for_each(capture, [&](const Connection& c, std::uint32_t i) {
      if (c.close.segments == 4) four.add(i, close_frames(c.close), values(c));
    });
  }
  {
    Answers three(capture, Kind::WhyThreeCloses);
    for_each(capture, [&](const Connection& c, std::uint32_t i) {
      if (c.close.segments == 3) three.add(i, close_frames(c.close), values(c));
    });
  }
  Answers none(capture, Kind::WhyNoOrderlyClose);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    if (c.close.ending == Ending::Closed || c.close.ending == Ending::ResetAfterClose) return;
    std::vector<Evidence> frames;
    if (c.close.first_fin != 0) frames = close_frames(c.close);
    if (!c.resets.empty()) frames.push_back({Role::Reset, c.resets.front().frame});
    none.add(i, std::move(frames),
             {number_of(Name::Ending, static_cast<std::int64_t>(c.close.ending))});
  });
}

// RFC 9293 §3.6.1: the last ACK may be lost; the FIN then comes again and is acknowledged again.
FrameNumber fin_again(const Connection& c) {
  for (const Frame& f : c.frames) {
    if (f.number > c.close.second_fin && f.has(kFin) && f.is(Event::Retransmission)) {
      return f.number;
    }
  }
  return 0;
}

void ask_time_wait(Capture& capture) {
  Answers answers(capture, Kind::WhyTwoMsl);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    if (!c.close.time_wait || c.close.ack_of_second_fin == 0) return;
    std::vector<Evidence> frames{{Role::SecondFin, c.close.second_fin},
                                 {Role::LastAck, c.close.ack_of_second_fin}};
    if (const FrameNumber again = fin_again(c)) frames.push_back({Role::FinAgain, again});
    answers.add(i, std::move(frames),
                {number_of(Name::WaitingSide, static_cast<std::int64_t>(*c.close.time_wait))});
  });
}

// The frames of a message that carried its bytes, and how many of them have PSH before the last.
struct Carriers {
  std::size_t segments = 0;
  std::size_t pushed_in_middle = 0;
  std::size_t short_ones = 0;
  bool last_is_pushed = false;
};
Carriers carriers_of(const Connection& c, const Message& m) {
  Carriers carriers;
  std::uint32_t longest = 0;
  for (const Piece& piece : m.pieces) {
    const Frame* const f = c.find(piece.frame);
    if (f != nullptr) longest = std::max(longest, f->length);
  }
  for (const Piece& piece : m.pieces) {
    const Frame* const f = c.find(piece.frame);
    if (f == nullptr) continue;
    ++carriers.segments;
    const bool is_last = piece.frame == m.last_frame;
    if (is_last) carriers.last_is_pushed = f->has(kPsh);
    if (!is_last && f->has(kPsh)) ++carriers.pushed_in_middle;
    const std::uint16_t mss = c.end(other(m.from)).mss.value_or(1460);
    if (f->has(kPsh) && f->length < mss / 2U) ++carriers.short_ones;
  }
  return carriers;
}

void ask_push(Capture& capture) {
  Answers answers(capture, Kind::WhyPush);
  for_each_message(capture, [&](const Connection& c, std::uint32_t i, const Message& m,
                                std::uint32_t k) {
    if (m.is_request || !m.is_complete) return;
    const Carriers carriers = carriers_of(c, m);
    if (!carriers.last_is_pushed) return;
    answers.add(
        i, {{Role::LastSegment, m.last_frame}},
        {number_of(Name::BytesOfMessage, static_cast<std::int64_t>(m.head_bytes + m.body_bytes)),
         number_of(Name::SegmentsOfMessage, static_cast<std::int64_t>(carriers.segments)),
         number_of(Name::PushedInMiddle, static_cast<std::int64_t>(carriers.pushed_in_middle))},
        k);
  });
}

void ask_small_writes(Capture& capture) {
  Answers answers(capture, Kind::WhySmallWrites);
  for_each_message(capture, [&](const Connection& c, std::uint32_t i, const Message& m,
                                std::uint32_t k) {
    if (m.is_request) return;
    const Carriers carriers = carriers_of(c, m);
    const bool is_cut_up = carriers.segments >= 2 && carriers.segments <= 8 &&
                           carriers.pushed_in_middle > 0 && carriers.short_ones >= 2;
    if (!is_cut_up) return;
    answers.add(
        i, {{Role::First, m.first_frame}, {Role::Last, m.last_frame}},
        {number_of(Name::SegmentsOfMessage, static_cast<std::int64_t>(carriers.segments)),
         number_of(Name::BytesOfMessage, static_cast<std::int64_t>(m.head_bytes + m.body_bytes))},
        k);
  });
}

// The frame of the same end before this one, and whether the other end sent data after it.
void add_window_update(Answers& answers, const Connection& c, std::uint32_t i, std::size_t at) {
  const Frame& f = c.frames[at];
  const Frame* before = nullptr;
  for (std::size_t k = at; k-- > 0 && before == nullptr;) {
    if (c.frames[k].from == f.from) before = &c.frames[k];
  }
  const bool is_last =
      std::none_of(c.frames.begin() + static_cast<std::ptrdiff_t>(at) + 1, c.frames.end(),
                   [&](const Frame& later) { return later.from != f.from && later.length > 0; });
  std::vector<Evidence> frames{{Role::Update, f.number}};
  if (before != nullptr && before->raw_window == 0) {
    frames.push_back({Role::Closed, before->number});
  }
  std::vector<Value> values{number_of(Name::WindowBefore, before != nullptr ? before->window : 0),
                            number_of(Name::WindowAfter, f.window),
                            number_of(Name::BehindLastData, is_last ? 1 : 0)};
  if (!c.knows_scales()) values.push_back(number_of(Name::WindowScaleUnknown, 1));
  answers.add(i, std::move(frames), std::move(values));
}

void ask_window_update(Capture& capture) {
  Answers answers(capture, Kind::WhyWindowUpdate);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    for (std::size_t k = 0; k < c.frames.size(); ++k) {
      if (c.frames[k].is(Event::WindowUpdate)) add_window_update(answers, c, i, k);
    }
  });
}

void ask_partial(Capture& capture) {
  Answers answers(capture, Kind::WhyPartialContent);
  for_each_message(
      capture, [&](const Connection& c, std::uint32_t i, const Message& m, std::uint32_t k) {
        if (m.is_request || m.status != 206) return;
        std::vector<Evidence> frames{{Role::Response, m.first_frame}};
        std::vector<Value> values;
        if (m.partner) {
          const Message& request = c.messages[*m.partner];
          frames.push_back({Role::Request, request.first_frame});
          if (const std::string* range = request.header("range")) {
            values.push_back(text_of(Name::Range, *range));
          }
        }
        if (const std::string* range = m.header("content-range")) {
          values.push_back(text_of(Name::ContentRange, *range));
        }
        if (m.range_first && m.range_last && m.range_total) {
          values.push_back(number_of(Name::RangeFirst, static_cast<std::int64_t>(*m.range_first)));
          values.push_back(number_of(Name::RangeLast, static_cast<std::int64_t>(*m.range_last)));
          values.push_back(number_of(Name::RangeTotal, static_cast<std::int64_t>(*m.range_total)));
          const bool is_whole = *m.range_first == 0 && *m.range_last + 1 == *m.range_total;
          values.push_back(number_of(Name::IsWhole, is_whole ? 1 : 0));
        }
        answers.add(i, std::move(frames), std::move(values), k);
      });
}

void ask_not_modified(Capture& capture) {
  Answers answers(capture, Kind::WhyNotModified);
  for_each_message(
      capture, [&](const Connection& c, std::uint32_t i, const Message& m, std::uint32_t k) {
        if (m.is_request || m.status != 304) return;
        std::vector<Evidence> frames{{Role::Response, m.first_frame}};
        std::vector<Value> values;
        if (m.partner) {
          const Message& request = c.messages[*m.partner];
          frames.push_back({Role::Request, request.first_frame});
          for (const char* name : {"if-none-match", "if-modified-since"}) {
            if (const std::string* value = request.header(name)) {
              values.push_back(text_of(Name::Validator, std::string(name) + ": " + *value));
            }
          }
        }
        answers.add(i, std::move(frames), std::move(values), k);
      });
}

// Another connection of the same two hosts and port that was open when this one began.
const Connection* beside(const Capture& capture, std::uint32_t index) {
  const Connection& c = capture.connections[index];
  for (std::uint32_t i = index; i-- > 0 && index - i < 64;) {
    const Connection& earlier = capture.connections[i];
    const bool is_same =
        earlier.end(Side::Server).endpoint == c.end(Side::Server).endpoint &&
        earlier.end(Side::Client).endpoint.address == c.end(Side::Client).endpoint.address;
    if (is_same && earlier.last_ns >= c.first_ns && earlier.handshake_syn != 0) return &earlier;
  }
  return nullptr;
}

void ask_second_connection(Capture& capture) {
  Answers answers(capture, Kind::WhySecondConnection);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    const Connection* const earlier = c.handshake_syn != 0 ? beside(capture, i) : nullptr;
    if (earlier == nullptr) return;
    const auto requests = std::ranges::count_if(c.messages, &Message::is_request);
    answers.add(i, {{Role::Syn, c.handshake_syn}, {Role::Other, earlier->handshake_syn}},
                {number_of(Name::IsIdle, c.is_idle ? 1 : 0),
                 number_of(Name::GapNs, c.first_ns - earlier->first_ns),
                 number_of(Name::Requests, requests)});
  });
}

void ask_not_requested(Capture& capture) {
  Answers answers(capture, Kind::WhyNotRequested);
  for (const NamedResource& r : capture.resources) {
    if (r.fate != ResourceFate::Reused && r.fate != ResourceFate::NotVisible) continue;
    std::vector<Evidence> frames{
        {Role::Response, capture.connections[r.connection].messages[r.message].first_frame}};
    if (r.allowed_by != 0) frames.push_back({Role::AllowedBy, r.allowed_by});
    answers.add(r.connection, std::move(frames), {text_of(Name::Target, r.target)}, r.message);
  }
}

void ask_resets(Capture& capture) {
  Answers answers(capture, Kind::WhyReset);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    for (std::size_t k = 0; k < c.resets.size(); ++k) {
      std::vector<Evidence> frames{{Role::Reset, c.resets[k].frame}};
      if (c.resets[k].answers != 0) frames.push_back({Role::Answered, c.resets[k].answers});
      answers.add(i, std::move(frames),
                  {number_of(Name::ResetIndex, static_cast<std::int64_t>(k))});
    }
  });
}

// The frame that carried these bytes before, and the duplicate ACKs between the two.
void add_retransmission(Answers& answers, const Connection& c, std::uint32_t i, std::size_t at) {
  constexpr std::size_t kLookBack = 4096;
  const Frame& f = c.frames[at];
  const Frame* original = nullptr;
  std::int64_t duplicates = 0;
  for (std::size_t k = at; k-- > 0 && at - k < kLookBack;) {
    const Frame& before = c.frames[k];
    if (before.from != f.from) {
      if (before.is(Event::DuplicateAck) && before.ack == f.seq) ++duplicates;
      continue;
    }
    if (before.span() == 0 || before.seq > f.seq || before.next_seq() <= f.seq) continue;
    original = &before;
    break;
  }
  std::vector<Evidence> frames{{Role::Repeated, f.number}};
  std::vector<Value> values{number_of(Name::DuplicateAcks, duplicates),
                            number_of(Name::IsFast, f.is(Event::FastRetransmission) ? 1 : 0)};
  if (original != nullptr) {
    frames.push_back({Role::Original, original->number});
    values.push_back(number_of(Name::GapNs, f.time_ns - original->time_ns));
  }
  answers.add(i, std::move(frames), std::move(values));
}

void ask_retransmissions(Capture& capture) {
  Answers answers(capture, Kind::WhyRetransmission);
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    std::size_t told = 0;
    for (std::size_t k = 0; k < c.frames.size(); ++k) {
      if (!c.frames[k].is(Event::Retransmission)) continue;
      if (++told <= kMostAlike) {
        add_retransmission(answers, c, i, k);
      } else {
        answers.add(i, {}, {});
      }
    }
  });
}

// A request that was acknowledged before the response came.
void ask_pure_ack(Capture& capture) {
  Answers answers(capture, Kind::WhyPureAckFirst);
  for_each_message(
      capture, [&](const Connection& c, std::uint32_t i, const Message& m, std::uint32_t k) {
        if (m.is_request || !m.partner) return;
        const Message& request = c.messages[*m.partner];
        const Frame* const last = c.find(request.last_frame);
        const Frame* const first = c.find(m.first_frame);
        if (last == nullptr || first == nullptr) return;
        const auto from = std::ranges::lower_bound(c.frames, last->number, {}, &Frame::number);
        const auto ack = std::find_if(from, c.frames.end(), [&](const Frame& f) {
          return f.from == m.from && f.has(kAck) && f.ack >= last->next_seq();
        });
        if (ack == c.frames.end() || !ack->is(Event::PureAck) || ack->number >= first->number)
          return;
        answers.add(i,
                    {{Role::Request, request.last_frame},
                     {Role::Ack, ack->number},
                     {Role::Response, m.first_frame}},
                    {number_of(Name::GapNs, first->time_ns - ack->time_ns)}, k);
      });
}

}  // namespace

void answer_questions(Capture& capture) {
  ask_handshake(capture);
  ask_about_syns(capture);
  ask_close(capture);
  ask_time_wait(capture);
  ask_about_segments(capture);
  ask_push(capture);
  ask_window_update(capture);
  ask_about_pace(capture);
  ask_about_messages(capture);
  ask_partial(capture);
  ask_not_modified(capture);
  ask_second_connection(capture);
  ask_not_requested(capture);
  ask_resets(capture);
  ask_retransmissions(capture);
  ask_pure_ack(capture);
  ask_small_writes(capture);
}

}  // namespace glasstcp::report
