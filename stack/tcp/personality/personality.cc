// The table, and who reads it. See personality.h.
#include "stack/tcp/personality/personality.h"

#include <algorithm>

namespace glasstcp {
namespace {

constexpr auto Linux = Personality::Linux;
constexpr auto Bsd = Personality::Bsd;

constexpr std::string_view kNames[] = {"rfc", "linux", "bsd"};

constexpr PersonalityRow kRows[] = {
    // The handshake.
    {.name = "option_layout",
     .rule = "",
     .section = "RFC 9293 §3.1",
     .letter = "options may come in any order; ours is Linux's",
     .linux_does = "",
     .bsd_does = "window scale before SACK-permitted and timestamps",
     .why = "fingerprints, and scripts that compare options byte by byte",
     .choose =
         [](TcpConfig& c, Personality p) {
           c.option_layout = p == Bsd ? OptionLayout::Bsd : OptionLayout::Linux;
         }},
    {.name = "offered_mss",
     .rule = "MUST-67",
     .section = "RFC 9293 §3.7.1",
     .letter = "the MSS of a SYN says what we can receive",
     .linux_does = "no more than the path takes in our direction",
     .bsd_does = "the same over IPv6",
     .why = "a path that is narrow one way is often narrow both ways",
     .choose =
         [](TcpConfig& c, Personality p) {
           c.offered_mss = p == Linux ? OfferedMss::Path
                           : p == Bsd ? OfferedMss::PathV6
                                      : OfferedMss::Device;
         }},
    {.name = "syn_option_retries",
     .rule = "",
     .section = "RFC 9293 §3.8.3",
     .letter = "a SYN that is repeated asks for the same",
     .linux_does = "",
     .bsd_does = "can: from the third repetition on it carries an MSS alone",
     .why = "a middlebox may drop SYNs for their options",
     .choose = [](TcpConfig& c, Personality p) { c.syn_option_retries = p == Bsd ? 2U : 255U; },
     .only_if_asked = true},
    {.name = "classic_ecn_retries",
     .rule = "R3168-04",
     .section = "RFC 3168 §6.1.1.1",
     .letter = "a SYN that is repeated may give ECN up: ours does at once",
     .linux_does = "",
     .bsd_does = "the first repetition still asks for ECN",
     .why = "one loss is more likely congestion than a middlebox",
     .choose = [](TcpConfig& c, Personality p) { c.ecn.classic_retries = p == Bsd ? 1 : 0; }},
    {.name = "icmp_aborts",
     .rule = "SHLD-26",
     .section = "RFC 9293 §3.9.2.2, RFC 5461 §2",
     .letter = "protocol and port unreachable end an attempt to connect",
     .linux_does = "",
     .bsd_does = "IPv4's \"administratively prohibited\" too",
     .why = "RFC 1122 is older than that code; a filter that says no means it",
     .choose =
         [](TcpConfig& c, Personality p) {
           c.icmp_aborts = p == Bsd ? IcmpAborts::Prohibited : IcmpAborts::Rfc;
         }},
    {.name = "listen_drops_syn_fin",
     .rule = "R9293-P4",
     .section = "RFC 9293 §3.10.7.2",
     .letter = "a SYN with a FIN is a SYN; in LISTEN we drop it, as Linux does, with Fast Open too",
     .linux_does = "",
     .bsd_does = "takes it, by the letter",
     .why = "nobody but a scanner sends both",
     .choose = [](TcpConfig& c, Personality p) { c.listen_drops_syn_fin = p != Bsd; }},
    {.name = "drops_syn_fin",
     .rule = "R9293-P4",
     .section = "RFC 9293 §3.10.7.2",
     .letter = "a SYN with a FIN is a SYN in other states, too",
     .linux_does = "",
     .bsd_does = "can: it opens nothing",
     .why = "nobody but a scanner sends both",
     .choose = [](TcpConfig& c, Personality p) { c.drops_syn_fin = p == Bsd; },
     .only_if_asked = true},

    // Segments that arrive.
    {.name = "missing_timestamps",
     .rule = "R7323-10",
     .section = "RFC 7323 §3.2",
     .letter =
         "a segment without the agreed timestamp should be dropped; we take it, as Linux does",
     .linux_does = "",
     .bsd_does = "drops it, by the letter",
     .why = "middleboxes take the option off, and a connection whose segments are dropped stands",
     .choose = [](TcpConfig& c, Personality p) { c.tolerates_missing_timestamps = p != Bsd; }},
    {.name = "reset_may_repeat_fin",
     .rule = "R5961-01",
     .section = "RFC 5961 §3.2",
     .letter = "only a reset with exactly RCV.NXT counts; we take their FIN's number too, as Linux",
     .linux_does = "",
     .bsd_does = "drops that one, by the letter",
     .why = "macOS resets with the number of its FIN",
     .choose = [](TcpConfig& c, Personality p) { c.reset_may_repeat_fin = p != Bsd; }},
    {.name = "answers_unsent_ack",
     .rule = "R9293-P9",
     .section = "RFC 9293 §3.10.7.4",
     .letter = "an ACK of what was not sent is answered",
     .linux_does = "drops it in silence",
     .bsd_does = "",
     .why = "an answer helps who guesses numbers",
     .choose = [](TcpConfig& c, Personality p) { c.answers_unsent_ack = p != Linux; }},
    {.name = "late_data_resets_as_closed_port",
     .rule = "SHLD-3",
     .section = "RFC 9293 §3.6.1",
     .letter = "data after CLOSE draws a reset: ours has SND.NXT and an ACK",
     .linux_does = "the reset of a closed port: <SEQ=SEG.ACK><CTL=RST>",
     .bsd_does = "",
     .why = "there the socket is gone by then, and nobody knows the numbers",
     .choose = [](TcpConfig& c, Personality p) { c.late_data_resets_as_closed_port = p == Linux; }},
    {.name = "accepts_whole_buffer",
     .rule = "R9293-P6",
     .section = "RFC 9293 §3.10.7.4",
     .letter = "what lies beyond the window that was offered is not taken",
     .linux_does = "",
     .bsd_does = "where the field could not say all of the buffer, what fits into that is taken",
     .why = "there the window is the buffer, and the field only says it",
     .choose = [](TcpConfig& c, Personality p) { c.accepts_whole_buffer = p == Bsd; }},

    // Acknowledgments and the window.
    {.name = "quick_acks",
     .rule = "SHLD-18",
     .section = "RFC 9293 §3.8.6.3",
     .letter = "an ACK should be delayed, from the first segment on",
     .linux_does = "the first 16 segments with data are acknowledged at once",
     .bsd_does = "",
     .why = "a peer in slow start grows by ACKs",
     .choose = [](TcpConfig& c, Personality p) { c.quick_acks = p == Linux ? 16U : 0U; }},
    {.name = "acks_second_segment",
     .rule = "SHLD-19",
     .section = "RFC 9293 §3.8.6.3",
     .letter = "at least every second full-sized segment is acknowledged at once",
     .linux_does = "",
     .bsd_does = "every second one, whatever its size",
     .why = "counting segments is simpler than counting bytes",
     .choose = [](TcpConfig& c, Personality p) { c.acks_second_segment = p == Bsd; }},
    {.name = "acks_overlap_at_once",
     .rule = "R2883-04",
     .section = "RFC 9293 §3.8.6.3, RFC 2883 §4.2",
     .letter = "a segment whose first part came before brings new data, and may wait as any",
     .linux_does = "",
     .bsd_does = "it is acknowledged at once",
     .why = "a peer that repeats has lost something, and waits",
     .choose = [](TcpConfig& c, Personality p) { c.acks_overlap_at_once = p == Bsd; }},
    {.name = "window_follows_buffer",
     .rule = "MUST-39",
     .section = "RFC 9293 §3.8.6.2.2",
     .letter = "the offered edge moves by a segment or half of the buffer, not by less",
     .linux_does = "",
     .bsd_does = "a segment that leaves anyway offers all the room there is",
     .why = "a field that is sent anyway costs nothing; SWS is avoided by not sending updates",
     .choose = [](TcpConfig& c, Personality p) { c.window_follows_buffer = p == Bsd; }},
    {.name = "updates_at_quarter",
     .rule = "MUST-39",
     .section = "RFC 9293 §3.8.6.2.2",
     .letter = "a window update leaves when half of the buffer was read, at the latest",
     .linux_does = "",
     .bsd_does = "when a quarter was",
     .why = "a sender that is held back hears of room earlier",
     .choose = [](TcpConfig& c, Personality p) { c.updates_at_quarter = p == Bsd; }},

    // Sending.
    {.name = "push_gso",
     .rule = "MUST-61",
     .section = "RFC 9293 §3.9.1.2",
     .letter = "the segment that empties the queue carries PSH",
     .linux_does = "the end of each GSO packet does",
     .bsd_does = "",
     .why = "a receiver that merges segments hands them up at PSH",
     .choose = [](TcpConfig& c, Personality p) { c.push_gso = p == Linux; }},
    {.name = "gso_follows_rate",
     .rule = "SHLD-28",
     .section = "RFC 9293 §3.9.1.2",
     .letter = "packets as large as possible: ours carry what window and device take",
     .linux_does = "what the rate sends in a millisecond, and half of cwnd at most",
     .bsd_does = "",
     .why = "a large packet is a burst, and holds back the ACK clock",
     .choose = [](TcpConfig& c, Personality p) { c.gso_follows_rate = p == Linux; }},
    {.name = "tail_rides_along",
     .rule = "SHLD-7",
     .section = "RFC 9293 §3.7.4",
     .letter = "a short segment waits while data is in flight, its own write's too (Nagle)",
     .linux_does = "with nothing in flight it rides in the GSO packet of its write",
     .bsd_does = "",
     .why = "the packet leaves anyway",
     .choose = [](TcpConfig& c, Personality p) { c.tail_rides_along = p == Linux; }},
    {.name = "more_ends_with_ack",
     .rule = "MUST-60",
     .section = "RFC 9293 §3.9.1.2",
     .letter = "what a SEND announced more for is held until more comes, or a time is over",
     .linux_does = "the next ACK lets it go",
     .bsd_does = "",
     .why = "there each ACK asks the queue anew, and the announcement is of the call",
     .choose = [](TcpConfig& c, Personality p) { c.more_ends_with_ack = p == Linux; }},
    {.name = "sws_override",
     .rule = "MUST-38",
     .section = "RFC 9293 §3.8.6.2.1",
     .letter = "what avoids silly windows is overridden after 0.1 to 1 s: ours after 200 ms",
     .linux_does = "after one retransmission timeout",
     .bsd_does = "",
     .why = "there the probe timer does both",
     .choose = [](TcpConfig& c,
                  Personality p) { c.sws_override = p == Linux ? Duration::zero() : 200ms; }},
    {.name = "probes_without_data",
     .rule = "MUST-36",
     .section = "RFC 9293 §3.8.6.1",
     .letter = "a closed window is probed by an octet of data",
     .linux_does = "by an old number without an octet, as in a keep-alive",
     .bsd_does = "",
     .why = "an octet that is refused must be sent again",
     .choose = [](TcpConfig& c, Personality p) { c.probes_without_data = p == Linux; }},
    {.name = "counts_send_memory",
     .rule = "",
     .section = "RFC 9293 §3.9.1.2",
     .letter = "how much a SEND may queue is left open: ours counts bytes",
     .linux_does = "SO_SNDBUF counts memory with its bookkeeping, and grows with cwnd",
     .bsd_does = "",
     .why = "memory is what there is too little of",
     .choose = [](TcpConfig& c, Personality p) { c.counts_send_memory = p == Linux; }},

    // Congestion, losses and timeouts.
    {.name = "slow_start_segments",
     .rule = "R5681-05",
     .section = "RFC 5681 §3.1",
     .letter = "an ACK raises cwnd by one segment at most",
     .linux_does = "by all that it acknowledges",
     .bsd_does = "",
     .why = "receivers that merge segments send few ACKs; bursts are left to pacing",
     .choose = [](TcpConfig& c, Personality p) { c.slow_start_segments = p == Linux ? 0U : 1U; }},
    {.name = "pacing",
     .rule = "",
     .section = "RFC 9438, RFC 5681",
     .letter = "whether a window is spread over its round trip is left open: ours is",
     .linux_does = "not without a packet scheduler that paces (BBR brings its own)",
     .bsd_does = "",
     .why = "a burst of a whole window fills the queue of a bottleneck",
     .choose = [](TcpConfig& c, Personality p) { c.pacing = p != Linux; }},
    {.name = "min_rto_is_variance",
     .rule = "R6298-04",
     .section = "RFC 6298 §2.4",
     .letter = "the whole timeout has a least value: 1 s there, 200 ms here",
     .linux_does = "the least value is of 4 * RTTVAR: SRTT comes on top",
     .bsd_does = "",
     .why = "a long path with little variance times out in vain otherwise",
     .choose = [](TcpConfig& c, Personality p) { c.min_rto_is_variance = p == Linux; }},
    {.name = "loss_timer_floor",
     .rule = "R8985-06",
     .section = "RFC 8985 §6.2, §7.2",
     .letter = "what the reordering timer adds is left open: ours 2 ms",
     .linux_does = "two ticks of 4 ms",
     .bsd_does = "",
     .why = "its timers are no finer",
     .choose = [](TcpConfig& c, Personality p) { c.loss_timer_floor = p == Linux ? 8ms : 2ms; }},

    // The end.
    {.name = "repeats_fin",
     .rule = "",
     .section = "RFC 9293 §3.10.4",
     .letter = "a FIN is sent again when its timer ends",
     .linux_does = "",
     .bsd_does = "every ACK carries it until it is acknowledged",
     .why = "there a FIN belongs to the state, not to a segment that was sent",
     .choose = [](TcpConfig& c, Personality p) { c.repeats_fin = p == Bsd; }},
    {.name = "time_wait_reset",
     .rule = "R1337-01",
     .section = "RFC 1337 §3, RFC 9293 §3.10.7.4",
     .letter = "no reset should end TIME-WAIT; with us one that answers our answer to a SYN does",
     .linux_does = "any with exactly RCV.NXT",
     .bsd_does = "",
     .why = "a port that is stuck costs more than the old segment that RFC 1337 fears",
     .choose =
         [](TcpConfig& c, Personality p) {
           c.time_wait_reset = p == Linux ? TimeWaitReset::Exact : TimeWaitReset::AfterSyn;
         }},
    {.name = "time_wait_answers_syn",
     .rule = "R6191-02",
     .section = "RFC 9293 §3.10.7.4, RFC 6191 §2",
     .letter = "a SYN that may not take over TIME-WAIT: answered by RFC 9293, dropped by RFC 6191",
     .linux_does = "",
     .bsd_does = "drops it",
     .why = "whoever was restarted learns at once what is there",
     .choose = [](TcpConfig& c, Personality p) { c.time_wait_answers_syn = p != Bsd; }},
};

}  // namespace

std::optional<Personality> personality_named(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Personality>(found - std::begin(kNames));
}

std::string_view name_of(Personality personality) {
  return kNames[static_cast<std::size_t>(personality)];
}

std::span<const PersonalityRow> personality_rows() {
  return kRows;
}

const PersonalityRow* personality_row(std::string_view name) {
  const auto found = std::ranges::find(kRows, name, &PersonalityRow::name);
  return found == std::end(kRows) ? nullptr : &*found;
}

bool does_otherwise(const PersonalityRow& row, Personality personality) {
  TcpConfig config;
  row.choose(config, personality);
  return config != TcpConfig{};
}

void adopt_personality(TcpConfig& config, Personality personality) {
  for (const PersonalityRow& row : kRows) {
    if (!row.only_if_asked) row.choose(config, personality);
  }
}

}  // namespace glasstcp
