// Reads the text of a scenario.
//
//   # A comment.
//   chapter  recovery
//   choose   delay  10ms..40ms            the seed chooses, within these bounds
//   choose   mss    536 | 1460            ... or among these
//   let      many   $mss*3+100            a number or a time of what was chosen
//   link     both   delay=$delay          words of --impair, and mtu=1400, silent
//   link     server rate=2mbit queue=8    of the packets that the server sends
//   set      both   mss=$mss              settings, as stack/README.md lists them
//   lose     server data 3                the third segment with new data never arrives
//   lose     client syn 1..2
//   delay    server data 3 by 25ms        it arrives later, and others pass it
//   duplicate client data 1 after 2ms     it arrives twice
//   mark     server data 4                a router marks it: congestion experienced (CE)
//   at 0ms                        server listen
//   at 0ms                        client connect
//   on client connected + 5ms     client write 500
//   on server read 500            server write $many x3
//   on client end                 client close
//   view     client                       whose capture shows it best
//   watch    client cwnd ssthresh         beside each packet of this end
//   until    30s                          nothing is looked at afterwards
//   expect   client reason=SynRetransmit  in this order in the captures
//   never    client reason=RetransmitTimeout
//   filter   tcp.flags.syn == 1
//   try      NAME --set sack=off
//   [en]                                  and [zh]: the story
//   title: ...   question: ...   predict: ...   happened: ...   see: ...   change: ...
//
// What a line of a story cannot hold goes on in the next, behind two spaces.
//
// Next: lab.h.
#pragma once

#include <expected>
#include <span>

#include "stack/lab/scenario.h"

namespace glasstcp::lab {

/// A variable, a setting ("client.sack") or a word of the link ("link.delay", "server.link.loss")
/// that takes another value than the text says.
struct Override {
  std::string key;
  std::string value;
};

struct ReadError {
  std::uint32_t line = 0;  ///< from 1; 0: of an override
  std::string message;
};

struct ReadOptions {
  std::string_view name{};
  std::uint64_t seed = 0;
  std::span<const Override> overrides{};
};

/// The scenario, or the first line that is wrong and what would be right.
[[nodiscard]] std::expected<Scenario, ReadError> read_scenario(std::string_view text,
                                                               const ReadOptions& options);

}  // namespace glasstcp::lab
